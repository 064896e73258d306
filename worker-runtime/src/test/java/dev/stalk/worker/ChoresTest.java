package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static dev.stalk.worker.Messages.tag;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.worker.config.QueueConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ChoresTest {
  private static final Duration LEASE = Duration.ofMillis(30);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final FakeTransport transport = new FakeTransport();
  private final Gate gate = new Gate();
  private final QueueConsumer consumer = consumer();
  private @Nullable Chores chores;

  private QueueConsumer consumer() {
    TaskRegistry registry = new TaskRegistry();
    registry.add(
        new RegisteredTask("gate", gate, TaskOptions.builder().ignoreResult(true).build()));
    return new QueueConsumer(
        Messages.QUEUE,
        List.of(Messages.QUEUE),
        new QueueConfig(1, 2),
        "worker:0",
        new Services(registry, transport).build(),
        new WorkerMetrics(meters));
  }

  /** One message runs, two wait. */
  private void holdThree() throws InterruptedException {
    consumer.start();
    assertThat(line().asked().wanted()).isEqualTo(3);
    line().find(message(1), message(2), message(3));
    line().assertIdle();
    gate.begun();
  }

  private static Delivery message(long number) {
    return aTaskMessage().task("gate").id(Long.toString(number)).delivery(number);
  }

  private ScriptedConnection line() {
    return transport.connection(Messages.QUEUE);
  }

  private void start(Collection<QueueConsumer> consumers) {
    chores = chores(consumers);
    chores.start();
  }

  private Chores chores(Collection<QueueConsumer> consumers) {
    WorkerTime time = WorkerTime.system();
    return chores(consumers, new Lease(LEASE, time), time);
  }

  private Chores chores(Collection<QueueConsumer> consumers, Lease lease, WorkerTime time) {
    BrokerClock clock = new BrokerClock(transport, Clock.systemUTC(), System::nanoTime);
    return new Chores(transport, consumers, lease, LEASE.multipliedBy(2), clock, time);
  }

  @AfterEach
  void end() throws Exception {
    if (chores != null) {
      chores.close();
    }
    line().settleByItself();
    gate.openAll();
    consumer.quiet();
    consumer.returnWaiting();
    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    consumer.close();
  }

  @Test
  void everythingHeldIsRenewedAgainAndAgain() throws Exception {
    holdThree();

    start(List.of(consumer));

    for (int i = 0; i < 3; i++) {
      assertThat(transport.renewed()).containsExactlyInAnyOrder(tag(1), tag(2), tag(3));
    }
  }

  @Test
  void whatIsNoLongerHeldIsTakenFromItsConsumer() throws Exception {
    transport.renewing(tags -> tags.contains(tag(2)) ? List.of(tag(2)) : List.of());
    holdThree();

    start(List.of(consumer));

    assertThat(transport.renewed()).containsExactlyInAnyOrder(tag(1), tag(2), tag(3));
    assertThat(transport.renewed()).containsExactlyInAnyOrder(tag(1), tag(3));
    assertThat(meters.get("stalk.queue.lapsed").counter().count()).isEqualTo(1);
  }

  @Test
  void aSignOfLifeIsGivenThoughNothingIsHeld() throws Exception {
    start(List.of(consumer));

    for (int i = 0; i < 3; i++) {
      assertThat(transport.renewed()).isEmpty();
    }
  }

  @Test
  void aFailedRenewalIsRepeated() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    transport.renewing(
        tags -> {
          switch (calls.incrementAndGet()) {
            case 1 -> throw new BrokerUnavailableException("away", null);
            case 2 -> throw new IllegalStateException("a bug");
            case 3 -> throw new NoClassDefFoundError("a broken class path");
            default -> {
              return List.of();
            }
          }
        });
    holdThree();

    start(List.of(consumer));

    for (int i = 0; i < 5; i++) {
      assertThat(transport.renewed()).hasSize(3);
    }
  }

  @Test
  void theLeaseCountsFromARenewalThatSucceededAndNotFromOneThatFailed() throws Exception {
    SkippingTime time = new SkippingTime();
    Lease lease = new Lease(LEASE, time);
    Lease.Hold hold = lease.ask();
    lease.taken(hold);
    time.skip(60);
    AtomicBoolean covered = new AtomicBoolean();
    CountDownLatch failed = new CountDownLatch(2);
    CountDownLatch succeed = new CountDownLatch(1);
    transport.renewing(
        tags -> {
          covered.compareAndSet(false, lease.covers(hold));
          failed.countDown();
          if (succeed.getCount() > 0) {
            throw new BrokerUnavailableException("away", null);
          }
          return List.of();
        });
    chores = chores(List.of(consumer), lease, time);
    holdThree();
    chores.start();

    failed.await();
    assertThat(covered).isFalse();
    succeed.countDown();
    while (!lease.covers(hold)) { // the class's timeout ends it
      Thread.onSpinWait();
    }
  }

  @Test
  void allMessagesAreReturnedThoughEveryOtherAttemptFails() throws Exception {
    CountDownLatch visible = new CountDownLatch(4);
    transport.restoringVisible(failingEveryOtherTime(visible));
    CountDownLatch due = new CountDownLatch(2);
    CountDownLatch abandoned = new CountDownLatch(4);
    transport.restoringDue(failingEveryOtherTime(due));
    transport.restoringAbandoned(failingEveryOtherTime(abandoned));

    start(List.of());

    due.await();
    abandoned.await();
    visible.await();
  }

  private static IntSupplier failingEveryOtherTime(CountDownLatch calls) {
    return () -> {
      calls.countDown();
      if (calls.getCount() % 2 == 1) {
        throw new BrokerUnavailableException("away", null);
      }
      return 1;
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLongSweepDoesNotHoldUpTheRenewal(boolean due) throws Exception {
    CountDownLatch sweeping = new CountDownLatch(1);
    IntSupplier endless =
        () -> {
          sweeping.countDown();
          return waitForInterrupt();
        };
    if (due) {
      transport.restoringDue(endless);
    } else {
      transport.restoringAbandoned(endless);
    }
    holdThree();

    start(List.of(consumer));

    sweeping.await();
    transport.forgetRenewals();
    for (int i = 0; i < 3; i++) {
      assertThat(transport.renewed()).hasSize(3);
    }
  }

  @Test
  void closingEndsEveryThreadEvenInTheMiddleOfACall() throws Exception {
    AtomicReference<Thread> renewing = new AtomicReference<>();
    AtomicReference<Thread> sweeping = new AtomicReference<>();
    CountDownLatch both = new CountDownLatch(2);
    transport.renewing(
        tags -> {
          renewing.set(Thread.currentThread());
          both.countDown();
          waitForInterrupt();
          return List.of();
        });
    transport.restoringAbandoned(
        () -> {
          sweeping.set(Thread.currentThread());
          both.countDown();
          return waitForInterrupt();
        });
    holdThree();
    Chores closing = chores(List.of(consumer));
    closing.start();
    both.await();

    closing.close();
    closing.close();

    transport.awaitParkedClosed();

    renewing.get().join();
    sweeping.get().join();
    assertThat(renewing.get().isDaemon()).isTrue();
    assertThat(sweeping.get().isDaemon()).isTrue();
  }

  @Test
  void whatWasNeverStartedCanBeClosed() {
    chores(List.of(consumer)).close();
  }

  @Test
  void whatWasParkedMeanwhileIsLookedAtThoughNothingElseIsDueForLong() throws Exception {
    Semaphore looks = new Semaphore(0);
    transport.nothingDueFor(Duration.ofDays(1));
    transport.restoringDue(
        () -> {
          looks.release();
          return 0;
        });
    start(List.of());
    looks.acquire();

    transport.parkSomething();
    looks.acquire();
    transport.parkSomething();

    looks.acquire();
  }

  @Test
  void theBrokersTimeIsAskedForAtOnce() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    transport.time(
        () -> {
          asked.countDown();
          return Instant.EPOCH;
        });

    start(List.of());

    asked.await();
  }

  private static int waitForInterrupt() {
    try {
      new CountDownLatch(1).await();
      return 0;
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
