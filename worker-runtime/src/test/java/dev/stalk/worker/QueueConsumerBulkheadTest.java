package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static dev.stalk.worker.Messages.tag;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.BreakerConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.RateLimit;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What bounds a queue's fetch, step by step: breaker, rate, memory, and their change. */
@Timeout(120)
class QueueConsumerBulkheadTest {
  private static final TaskOptions QUIET = TaskOptions.builder().ignoreResult(true).build();
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);
  private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");

  /** Stands still until the test moves it. */
  private static final class SettableClock extends Clock {
    private final AtomicReference<Instant> now = new AtomicReference<>(START);

    @Override
    public Instant instant() {
      return now.get();
    }

    void pass(Duration time) {
      now.updateAndGet(instant -> instant.plus(time));
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final FakeTransport transport = new FakeTransport();
  private final Gate gate = new Gate();
  private final SettableClock clock = new SettableClock();
  private final List<QueueConsumer> started = new ArrayList<>();

  private QueueConsumer started(QueueConfig config) {
    TaskRegistry registry = new TaskRegistry();
    registry.add(new RegisteredTask("gate", gate, QUIET));
    registry.add(new RegisteredTask("echo", (context, args) -> args.positional(), QUIET));
    registry.add(
        new RegisteredTask(
            "fail",
            (context, args) -> {
              throw new IllegalStateException("broken");
            },
            QUIET));
    registry.add(
        new RegisteredTask(
            "ignore",
            (context, args) -> {
              throw new IgnoreTask();
            },
            QUIET));
    QueueConsumer consumer =
        new QueueConsumer(
            Messages.QUEUE,
            List.of(Messages.QUEUE),
            config,
            "worker:0",
            new Services(registry, transport).clock(clock).build(),
            new WorkerMetrics(meters));
    started.add(consumer);
    consumer.start();
    return consumer;
  }

  @AfterEach
  void endAll() throws Exception {
    for (QueueConsumer consumer : started) {
      line().settleByItself();
      gate.openAll();
      consumer.quiet();
      consumer.returnWaiting();
      assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
      consumer.close();
    }
  }

  private ScriptedConnection line() {
    return transport.connection(Messages.QUEUE);
  }

  private static Delivery message(String task, long number) {
    return aTaskMessage().task(task).id(Long.toString(number)).delivery(number);
  }

  private static Delivery[] messages(String task, long first, long last) {
    return LongStream.rangeClosed(first, last)
        .mapToObj(number -> message(task, number))
        .toArray(Delivery[]::new);
  }

  private static BreakerConfig.Builder breaker(int calls) {
    return BreakerConfig.builder()
        .slidingWindowSize(calls)
        .minimumNumberOfCalls(calls)
        .permittedNumberOfCallsInHalfOpenState(2)
        .waitDurationInOpenState(Duration.ofSeconds(30));
  }

  private static QueueConfig.Builder queue(int threads, int buffer) {
    return QueueConfig.builder().threads(threads).buffer(buffer).readAhead(0);
  }

  private double count(String counter) {
    return meters.get(counter).counter().count();
  }

  /** Answers until so many messages have been settled; each ask must want so many. */
  private void settle(int count, int wanted) throws InterruptedException {
    for (int settled = 0; settled < count; ) {
      ScriptedConnection.Request request = line().asked();
      assertThat(request.wanted()).isLessThanOrEqualTo(wanted);
      settled += request.finished().size();
      line().findNothing();
    }
  }

  /** A place is given back after its task's settlement has been offered. */
  private void awaitFree(int places) {
    Gauge free = meters.get("stalk.queue.places.free").gauge();
    while (free.value() < places) { // the class's timeout ends it
      Thread.onSpinWait();
    }
  }

  /** Answers until the loop asks for so many, as places are given back; never for more. */
  private void awaitAsked(int wanted) throws InterruptedException {
    int asked = line().asked().wanted();
    while (asked < wanted) {
      line().findNothing();
      asked = line().asked().wanted();
    }
    assertThat(asked).isEqualTo(wanted);
  }

  /** Has the breaker of a queue open by two failures; the loop stands idle after. */
  private QueueConsumer opened(QueueConfig config) throws InterruptedException {
    QueueConsumer consumer = started(config);
    line().asked();
    line().find(messages("fail", 1, 2));
    settle(2, 100);
    line().assertIdle();
    awaitFree(config.threads() + config.buffer());
    assertThat(consumer.breaker().state()).isEqualTo(State.OPEN);
    return consumer;
  }

  // ---- the queue's breaker

  @Test
  void anOpenBreakerStopsTheFetch() throws Exception {
    opened(queue(2, 0).circuitBreaker(breaker(2).build()).build());

    line().wake();

    line().assertIdle();
    assertThat(meters.get("resilience4j.circuitbreaker.state").tag("state", "open").gauge().value())
        .isOne();
    assertThat(
            meters
                .get("stalk.breaker.transitions")
                .tags("to", "OPEN", "task", "")
                .counter()
                .count())
        .isOne();
  }

  @Test
  void halfOpenItFetchesExactlyThePermittedTrialsAndNoMoreUntilTheyHaveEnded() throws Exception {
    QueueConsumer consumer = opened(queue(4, 4).circuitBreaker(breaker(2).build()).build());

    clock.pass(Duration.ofSeconds(31));
    line().wake();

    assertThat(line().asked().wanted()).isEqualTo(2);
    line().find(messages("gate", 3, 4));
    line().assertIdle();
    line().wake();
    line().assertIdle();
    assertThat(consumer.breaker().state()).isEqualTo(State.HALF_OPEN);
  }

  @Test
  void itClosesWhenTheTrialsEndWellAndFetchesForEveryPlace() throws Exception {
    QueueConsumer consumer = opened(queue(4, 4).circuitBreaker(breaker(2).build()).build());
    clock.pass(Duration.ofSeconds(31));
    line().wake();
    line().asked();
    line().find(messages("echo", 3, 4));

    settle(2, 8);
    line().wake();

    awaitAsked(8);
    line().findNothing();
    assertThat(consumer.breaker().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void itOpensAgainWhenTheTrialsFail() throws Exception {
    QueueConsumer consumer = opened(queue(4, 4).circuitBreaker(breaker(2).build()).build());
    clock.pass(Duration.ofSeconds(31));
    line().wake();
    line().asked();
    line().find(messages("fail", 3, 4));

    settle(2, 8);

    line().assertIdle();
    assertThat(consumer.breaker().state()).isEqualTo(State.OPEN);
  }

  @Test
  void trialsThatWereNotFoundOrNotRunArePermittedAgain() throws Exception {
    opened(queue(4, 4).circuitBreaker(breaker(2).build()).build());
    clock.pass(Duration.ofSeconds(31));
    line().wake();

    assertThat(line().asked().wanted()).isEqualTo(2);
    line().find(message("nobody-knows-me", 3));
    settle(1, 2);
    line().wake();

    awaitAsked(2);
    line().findNothing();
  }

  @Test
  void whatHasNotBegunWhenItOpensGoesBackUnmarkedAndWhatRunsEnds() throws Exception {
    QueueConsumer consumer = started(queue(2, 6).circuitBreaker(breaker(2).build()).build());
    line().asked();
    Delivery waiting = message("gate", 4);
    line().find(message("gate", 1), message("gate", 2), message("gate", 3), waiting);
    line().assertIdle();
    gate.begun();
    gate.begun();

    consumer.breaker().breaker().transitionToForcedOpenState();

    ScriptedConnection.Request request = line().asked();
    assertThat(request.wanted()).isZero();
    assertThat(request.finishedTags()).containsExactly(tag(4), tag(3));
    Effect.Return back = (Effect.Return) request.finished().get(0).effects().get(0);
    assertThat(back.publication().message()).isEqualTo(waiting.message());
    line().findNothing();
    assertThat(count("stalk.queue.rejected")).isEqualTo(2);
    gate.open("1");
    assertThat(line().asked().finishedTags()).containsExactly(tag(1));
    line().findNothing();
    line().assertIdle();
    assertThat(gate.interrupted()).isEmpty();
  }

  @Test
  void anOperatorMayForceItOpenAndClosedAndDisableIt() throws Exception {
    QueueConsumer consumer = started(queue(3, 0).circuitBreaker(breaker(2).build()).build());
    line().asked();
    line().findNothing();
    line().assertIdle();

    consumer.breaker().breaker().transitionToForcedOpenState();
    line().wake();
    line().assertIdle();
    clock.pass(Duration.ofDays(1));
    line().wake();
    line().assertIdle();
    consumer.breaker().breaker().transitionToDisabledState();

    assertThat(line().asked().wanted()).isEqualTo(3);
    line().find(messages("fail", 1, 3));
    settle(3, 3);
    assertThat(consumer.breaker().state()).isEqualTo(State.DISABLED);
  }

  @Test
  void whatWasAskedForBeforeAnOperatorResetItCountsForTheStateItBeginsIn() throws Exception {
    QueueConsumer consumer = started(queue(2, 0).circuitBreaker(breaker(2).build()).build());
    CircuitBreaker breaker = consumer.breaker().breaker();
    breaker.transitionToMetricsOnlyState();
    line().wake();
    line().asked();

    breaker.reset();
    line().find(messages("fail", 1, 2));
    settle(2, 100);

    assertThat(breaker.getState()).isEqualTo(State.OPEN);
  }

  @Test
  void whatBeganBeforeItOpenedDoesNotDecideTheTrials() throws Exception {
    QueueConsumer consumer = started(queue(4, 0).circuitBreaker(breaker(2).build()).build());
    line().asked();
    line().find(message("gate", 1));
    gate.begun(); // what has not begun when it opens goes back
    line().wake();
    awaitAsked(3);
    line().find(messages("fail", 2, 3));
    settle(2, 3);
    awaitFree(3);
    line().assertIdle();
    clock.pass(Duration.ofSeconds(31));
    line().wake();
    assertThat(line().asked().wanted()).isEqualTo(2);
    line().find(message("gate", 4));
    gate.begun();

    gate.open("1");

    settle(1, 1);
    assertThat(consumer.breaker().breaker().getMetrics().getNumberOfBufferedCalls()).isZero();
  }

  @Test
  void exceptionsThatAreIgnoredDoNotOpenIt() throws Exception {
    QueueConsumer consumer =
        started(
            queue(2, 0)
                .circuitBreaker(
                    breaker(2).ignoreExceptions(List.of("java.lang.RuntimeException")).build())
                .build());
    line().asked();
    line().find(messages("fail", 1, 2));

    settle(2, 2);

    assertThat(consumer.breaker().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void onlyExceptionsThatAreRecordedOpenIt() throws Exception {
    QueueConsumer consumer =
        started(
            queue(2, 0)
                .circuitBreaker(breaker(2).recordExceptions(List.of("java.io.IOException")).build())
                .build());
    line().asked();
    line().find(messages("fail", 1, 2));

    settle(2, 2);

    assertThat(consumer.breaker().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void tasksThatAreTooSlowOpenIt() throws Exception {
    QueueConsumer consumer =
        started(
            queue(2, 0)
                .circuitBreaker(
                    breaker(2)
                        .slowCallDurationThreshold(Duration.ofMillis(1))
                        .slowCallRateThreshold(100)
                        .build())
                .build());
    line().asked();
    line().find(messages("gate", 1, 2));
    gate.begun();
    gate.begun();
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2);
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }

    gate.openAll();
    settle(2, 2);

    assertThat(consumer.breaker().state()).isEqualTo(State.OPEN);
  }

  // ---- the tasks' breakers

  @Test
  void aFailingTaskIsParkedForTheWaitDurationAndTheOthersGoOn() throws Exception {
    started(queue(4, 0).taskCircuitBreaker(breaker(2).build()).build());
    line().asked();
    line().find(messages("fail", 1, 2));
    settle(2, 4);
    line().wake();
    line().asked();

    Delivery parked = message("fail", 3);
    line().find(parked, message("echo", 4));

    List<Settlement> settled = new ArrayList<>();
    while (settled.size() < 2) {
      settled.addAll(line().asked().finished());
      line().findNothing();
    }
    assertThat(settled)
        .filteredOn(settlement -> settlement.tag().equals(tag(3)))
        .singleElement()
        .extracting(Settlement::effects)
        .isEqualTo(
            List.of(new Effect.Park(Messages.QUEUE, START.plusSeconds(30), parked.message())));
    assertThat(settled)
        .filteredOn(settlement -> settlement.tag().equals(tag(4)))
        .singleElement()
        .extracting(Settlement::effects)
        .isEqualTo(List.of());
    assertThat(count("stalk.queue.parked")).isOne();
    assertThat(
            meters
                .get("resilience4j.circuitbreaker.state")
                .tags("state", "open", "name", "math/fail")
                .gauge()
                .value())
        .isOne();
  }

  @Test
  void aTasksTrialsAreThePermittedOnesAndTheRestIsParkedAgain() throws Exception {
    QueueConsumer consumer = started(queue(8, 0).taskCircuitBreaker(breaker(2).build()).build());
    line().asked();
    line().find(messages("fail", 1, 2));
    settle(2, 8);
    // forced through the same breaker, as one and the same task fails first and then hangs
    QueueBreaker breaker = consumer.taskBreakers().of("gate");
    breaker.breaker().transitionToOpenState();
    clock.pass(Duration.ofSeconds(31));
    line().wake();
    line().asked();

    line().find(messages("gate", 3, 7));

    settle(3, 8);
    gate.begun();
    gate.begun();
    assertThat(gate.hasBegunMore()).isFalse();
    assertThat(count("stalk.queue.parked")).isEqualTo(3);
  }

  // ---- rate limit

  @Test
  void noMoreIsFetchedThanTheRateAllows() throws Exception {
    started(queue(4, 4).rateLimit(new RateLimit(3, Duration.ofDays(1))).build());

    assertThat(line().asked().wanted()).isEqualTo(3);
    line().find(messages("echo", 1, 2));
    settle(2, 1);
    line().wake();
    assertThat(line().asked().wanted()).isOne();
    line().find(message("echo", 3));
    settle(1, 0);

    line().wake();
    line().assertIdle();
  }

  @Test
  void theNextPeriodIsWaitedForWithoutANotice() throws Exception {
    long start = System.nanoTime();
    started(queue(4, 4).rateLimit(new RateLimit(1, Duration.ofMillis(200))).build());

    for (int i = 1; i <= 3; i++) {
      ScriptedConnection.Request request = line().asked();
      while (request.wanted() == 0) {
        line().findNothing();
        request = line().asked();
      }
      assertThat(request.wanted()).isOne();
      line().find(message("gate", i));
    }

    // the first may have come at the very end of a period
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(200));
  }

  // ---- memory

  @Test
  void nothingIsFetchedWhileTooManyBytesAreHeld() throws Exception {
    Delivery large = aTaskMessage().task("gate").id("1").args("x".repeat(3000)).delivery(1);
    QueueConsumer consumer = started(queue(4, 4).memoryLimit(2048).build());
    assertThat(line().asked().wanted()).isEqualTo(8);

    line().find(large);
    line().assertIdle();
    line().wake();
    line().assertIdle();

    assertThat(consumer.heldBytes()).isEqualTo(large.message().length);
    gate.open("1");
    assertThat(line().asked().wanted()).isZero();
    line().findNothing();
    assertThat(line().asked().wanted()).isEqualTo(8);
    assertThat(consumer.heldBytes()).isZero();
    line().findNothing();
  }

  @Test
  void aTaskThatIgnoresItsMessageHasNotFailed() throws Exception {
    QueueConsumer consumer = started(queue(2, 0).circuitBreaker(breaker(2).build()).build());
    line().asked();
    line().find(messages("ignore", 1, 4));

    settle(4, 2);

    assertThat(consumer.breaker().breaker().getMetrics().getNumberOfBufferedCalls()).isZero();
  }

  // ---- waiting

  @Test
  void theTimeFromSendingToStartIsMeasuredWhereTheMessageTellsIt() throws Exception {
    started(queue(4, 0).build());
    line().asked();

    line()
        .find(
            aTaskMessage()
                .header("stalk_sent_at", START.getEpochSecond() - 2.5)
                .id("1")
                .delivery(1),
            aTaskMessage().header("stalk_sent_at", "yesterday").id("2").delivery(2),
            aTaskMessage().header("stalk_sent_at", START.getEpochSecond() + 60).id("3").delivery(3),
            aTaskMessage().id("4").delivery(4));
    settle(4, 4);

    assertThat(meters.get("stalk.queue.wait").timer().count()).isEqualTo(2); // 3 did not wait
    assertThat(meters.get("stalk.queue.wait").timer().totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(2500);
  }

  // ---- change

  @Test
  void moreThreadsAreThereAtOnce() throws Exception {
    QueueConsumer consumer = started(queue(1, 1).build());
    line().asked();
    line().find(messages("gate", 1, 2));
    line().assertIdle();
    gate.begun();

    consumer.change(queue(3, 1).build());

    assertThat(gate.begun()).isEqualTo("2");
    assertThat(line().asked().wanted()).isEqualTo(2);
    line().findNothing();
    assertThat(meters.get("stalk.queue.threads").gauge().value()).isEqualTo(3);
  }

  @Test
  void withFewerThreadsNothingIsFetchedUntilThereIsRoomAndWhatRunsGoesOn() throws Exception {
    QueueConsumer consumer = started(queue(3, 0).build());
    line().asked();
    line().find(messages("gate", 1, 3));
    for (int i = 0; i < 3; i++) {
      gate.begun();
    }
    line().assertIdle();

    consumer.change(queue(1, 0).build());
    line().wake();
    line().assertIdle();
    gate.open("1");
    gate.open("2");
    settle(2, 0);
    line().assertIdle();
    gate.open("3");

    for (int wanted = 0; wanted == 0; ) {
      wanted = line().asked().wanted();
      assertThat(wanted).isLessThanOrEqualTo(1);
      line().findNothing();
    }
    assertThat(gate.interrupted()).isEmpty();
  }

  @Test
  void aBreakerThatIsReconfiguredStaysOpen() throws Exception {
    QueueConsumer consumer = opened(queue(2, 0).circuitBreaker(breaker(2).build()).build());

    consumer.change(
        queue(2, 0)
            .circuitBreaker(breaker(2).waitDurationInOpenState(Duration.ofSeconds(5)).build())
            .build());

    line().assertIdle();
    assertThat(consumer.breaker().state()).isEqualTo(State.OPEN);
    clock.pass(Duration.ofSeconds(6));
    line().wake();
    assertThat(line().asked().wanted()).isEqualTo(2);
    line().findNothing();
  }

  @Test
  void aBreakerThatIsTakenAwayLetsEverythingThrough() throws Exception {
    QueueConsumer consumer = opened(queue(2, 0).circuitBreaker(breaker(2).build()).build());

    consumer.change(queue(2, 0).build());

    assertThat(line().asked().wanted()).isEqualTo(2);
    line().findNothing();
    assertThat(meters.find("resilience4j.circuitbreaker.state").meters()).isEmpty();
  }

  @Test
  void aRateLimitAndAMemoryLimitComeAndGo() throws Exception {
    QueueConsumer consumer =
        started(queue(4, 0).rateLimit(new RateLimit(1, Duration.ofDays(1))).build());
    assertThat(line().asked().wanted()).isOne();
    line().find(message("gate", 1));
    line().assertIdle();

    consumer.change(queue(4, 0).build());

    assertThat(line().asked().wanted()).isEqualTo(3);
    line().findNothing(); // without a promise of a notice, so it looks once more
    assertThat(line().asked().wanted()).isEqualTo(3);
    line().findNothing();
    line().assertIdle();
    consumer.change(queue(4, 0).rateLimit(new RateLimit(2, Duration.ofDays(1))).build());
    assertThat(line().asked().wanted()).isEqualTo(2);
    line().findNothing();
  }
}
