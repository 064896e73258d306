package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.worker.config.AutoscaleConfig;
import dev.stalk.worker.config.BulkheadType;
import dev.stalk.worker.config.QueueConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Threads of either kind: platform threads everywhere, virtual ones where the JVM has them. */
@Timeout(60)
class CompartmentTest {

  static Stream<BulkheadType> kinds() {
    return Runtime.version().feature() >= 21
        ? Stream.of(BulkheadType.THREADPOOL, BulkheadType.SEMAPHORE)
        : Stream.of(BulkheadType.THREADPOOL);
  }

  /** Executions that stand still until the test lets them end. */
  private static final class Crowd {
    private final Semaphore begun = new Semaphore(0);
    private final Semaphore ending = new Semaphore(0);
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final CountDownLatch all;

    Crowd(int size) {
      all = new CountDownLatch(size);
    }

    void member() {
      most.accumulateAndGet(running.incrementAndGet(), Math::max);
      begun.release();
      ending.acquireUninterruptibly();
      running.decrementAndGet();
      all.countDown();
    }

    void awaitBegun(int count) throws InterruptedException {
      assertThat(begun.tryAcquire(count, 20, TimeUnit.SECONDS)).as("%s begin", count).isTrue();
    }
  }

  private static QueueConfig config(BulkheadType kind, int threads) {
    return QueueConfig.builder().type(kind).threads(threads).buffer(100).build();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void atMostAsManyRunAtOnceAsItSaysAlsoAfterAChange(BulkheadType kind) throws Exception {
    Compartment compartment = Compartment.of("math", config(kind, 2));
    Crowd crowd = new Crowd(30);
    for (int i = 0; i < 30; i++) {
      compartment.run(crowd::member);
    }
    crowd.awaitBegun(2);
    assertThat(crowd.begun.tryAcquire()).isFalse();

    compartment.change(config(kind, 5));
    crowd.awaitBegun(3);
    assertThat(crowd.most).hasValue(5);
    compartment.change(config(kind, 1));
    crowd.ending.release(5);
    crowd.awaitBegun(1);
    crowd.most.set(0);
    crowd.ending.release(25);

    assertThat(crowd.all.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(crowd.most).hasValueLessThanOrEqualTo(1);
    compartment.close();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void itsThreadsBearItsName(BulkheadType kind) throws Exception {
    Compartment compartment = Compartment.of("math", config(kind, 2));
    Set<String> names = ConcurrentHashMap.newKeySet();
    CountDownLatch ran = new CountDownLatch(2);

    for (int i = 0; i < 2; i++) {
      compartment.run(
          () -> {
            names.add(Thread.currentThread().getName());
            ran.countDown();
          });
    }

    assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(names).allMatch(name -> name.startsWith("stalk-math-"));
    compartment.close();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anErrorEndsNoThreadThatOthersNeed(BulkheadType kind) throws Exception {
    Compartment compartment = Compartment.of("math", config(kind, 1));
    CountDownLatch ran = new CountDownLatch(1);

    for (int i = 0; i < 10; i++) {
      compartment.run(
          () -> {
            throw new StackOverflowError("made up");
          });
    }
    compartment.run(ran::countDown);

    assertThat(ran.await(20, TimeUnit.SECONDS)).isTrue();
    compartment.close();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anotherThreadTakesThePlaceOfOneThatIsGivenUpUntilItComesBack(BulkheadType kind)
      throws Exception {
    Compartment compartment = Compartment.of("math", config(kind, 1));
    AtomicReference<Thread> stuck = new AtomicReference<>();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch back = new CountDownLatch(1);
    compartment.run(
        () -> {
          stuck.set(Thread.currentThread());
          begun.countDown();
          awaitQuietly(back);
        });
    begun.await();
    CountDownLatch second = new CountDownLatch(1);
    compartment.run(second::countDown);

    compartment.giveUp(stuck.get());

    assertThat(second.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(compartment.stuck()).isOne();
    assertThat(compartment.threads()).isOne();
    back.countDown();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (compartment.stuck() > 0) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
    Crowd crowd = new Crowd(4);
    for (int i = 0; i < 4; i++) {
      compartment.run(crowd::member);
    }
    crowd.ending.release(4);
    assertThat(crowd.all.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(crowd.most).hasValue(1);
    compartment.close();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    boolean interrupted = false;
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void threadsBeyondTheCoreAreStartedWhileTheBufferIsFull() throws Exception {
    ResizableThreadPoolBulkhead pool =
        new ResizableThreadPoolBulkhead(
            "math", QueueConfig.builder().threads(3).coreThreads(1).buffer(2).build());
    Crowd crowd = new Crowd(5);
    List<Integer> threads = new ArrayList<>();

    for (int i = 0; i < 5; i++) {
      pool.run(crowd::member);
      threads.add(pool.getMetrics().getThreadPoolSize());
    }

    assertThat(threads).containsExactly(1, 1, 1, 2, 3);
    assertThat(pool.getMetrics().getQueueDepth()).isEqualTo(2);
    crowd.ending.release(5);
    assertThat(crowd.all.await(20, TimeUnit.SECONDS)).isTrue();
    pool.close();
  }

  @Test
  void whatHasAPlaceIsNeverRejectedThoughTheBufferIsBounded() throws Exception {
    QueueBulkhead bulkhead =
        new QueueBulkhead(
            "math", QueueConfig.builder().threads(3).coreThreads(1).buffer(1).build());
    Semaphore free = new Semaphore(4);
    for (int i = 0; i < 10_000; i++) {
      free.acquire();
      assertThat(bulkhead.reserve(1)).isOne();
      bulkhead.run(
          () -> {
            bulkhead.leave(true);
            free.release();
          });
    }
    free.acquire(4);
    assertThat(bulkhead.isIdle()).isTrue();
    bulkhead.close();
  }

  @Test
  void resilience4jSeesItAsOneOfItsOwn() throws Exception {
    ResizableThreadPoolBulkhead pool =
        new ResizableThreadPoolBulkhead("math", new QueueConfig(2, 3));
    AtomicInteger permitted = new AtomicInteger();
    AtomicInteger rejected = new AtomicInteger();
    pool.getEventPublisher().onCallPermitted(event -> permitted.incrementAndGet());
    pool.getEventPublisher().onCallRejected(event -> rejected.incrementAndGet());

    assertThat(pool.submit(() -> 5).toCompletableFuture().get(20, TimeUnit.SECONDS)).isEqualTo(5);
    assertThat(pool.getBulkheadConfig().getMaxThreadPoolSize()).isEqualTo(2);
    assertThat(pool.getMetrics().getQueueCapacity()).isEqualTo(3);
    assertThat(permitted).hasValue(1);
    pool.close();
    assertThatThrownBy(() -> pool.run(() -> {})).hasMessage("the bulkhead of math is closed");
    assertThat(rejected).hasValue(1);
  }

  @Test
  void placesFollowAChangeInBothDirections() {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(2, 2));
    assertThat(bulkhead.reserve(3)).isEqualTo(3);

    bulkhead.change(new QueueConfig(1, 1));
    assertThat(bulkhead.reserve(10)).isZero();
    bulkhead.release(2);
    assertThat(bulkhead.reserve(10)).isEqualTo(1);
    bulkhead.change(new QueueConfig(5, 5));

    assertThat(bulkhead.reserve(10)).isEqualTo(8);
    bulkhead.close();
  }

  @Test
  void threadsFollowTheWorkByCelerysRule() {
    Autoscaler autoscaler = new Autoscaler(new AutoscaleConfig(2, 6, Duration.ofNanos(100)), 2);

    assertThat(autoscaler.threads(0, 0)).isEqualTo(2);
    assertThat(autoscaler.threads(4, 10)).isEqualTo(4);
    assertThat(autoscaler.threads(50, 20)).isEqualTo(6);
    assertThat(autoscaler.threads(1, 110)).as("too early to shrink").isEqualTo(6);
    assertThat(autoscaler.threads(3, 121)).isEqualTo(3);
    assertThat(autoscaler.threads(0, 122)).isEqualTo(2);
  }

  @Test
  void anAutoscaledBulkheadStartsSmallAndGrowsWithWhatItHolds() {
    QueueBulkhead bulkhead =
        new QueueBulkhead(
            "math",
            QueueConfig.builder()
                .autoscale(new AutoscaleConfig(1, 4, Duration.ofNanos(100)))
                .build());
    assertThat(bulkhead.threads()).isOne();

    assertThat(bulkhead.reserve(3)).isEqualTo(3);
    bulkhead.adapt(0);
    assertThat(bulkhead.threads()).isEqualTo(3);
    bulkhead.release(3);
    bulkhead.adapt(50);
    assertThat(bulkhead.threads()).isEqualTo(3);
    bulkhead.adapt(101);

    assertThat(bulkhead.threads()).isOne();
    bulkhead.close();
  }

  /** On a machine that has no more threads to give than these. */
  private static ResizableThreadPoolBulkhead withThreads(int available) {
    AtomicInteger made = new AtomicInteger();
    return new ResizableThreadPoolBulkhead(
        "few",
        new QueueConfig(8, 8),
        (task, name) -> {
          if (made.incrementAndGet() > available) {
            throw new OutOfMemoryError("unable to create native thread");
          }
          return new Thread(task, name);
        });
  }

  @Test
  void whatNoThreadCanBeMadeForIsDoneByThoseThatAreThere() throws Exception {
    ResizableThreadPoolBulkhead compartment = withThreads(2);
    Crowd crowd = new Crowd(16);
    for (int i = 0; i < 16; i++) {
      compartment.run(crowd::member);
    }
    crowd.awaitBegun(2);

    crowd.ending.release(16);

    assertThat(crowd.all.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(crowd.most).hasValue(2);
    compartment.close();
  }

  @Test
  void whereThereIsNoThreadAtAllWhoeverWantsSomethingRunIsTold() {
    ResizableThreadPoolBulkhead compartment = withThreads(0);

    assertThatThrownBy(() -> compartment.run(() -> {})).isInstanceOf(OutOfMemoryError.class);
    assertThat(compartment.getMetrics().getQueueDepth()).isZero();
    compartment.close();
  }
}
