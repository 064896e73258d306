package dev.stalk.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.testkit.TaskRecorder.Outcome;
import dev.stalk.worker.RetryTask;
import dev.stalk.worker.TaskOptions;
import dev.stalk.worker.config.BreakerConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.RateLimit;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker on a broker in memory, and a clock that is set. */
@Timeout(120)
class StalkHarnessTest {

  private static StalkHarness.Builder harness() {
    return StalkHarness.builder()
        .task("echo", (context, arguments) -> arguments.positional().get(0));
  }

  private static TaskSignature echo(int number) {
    return TaskSignature.of("echo", number);
  }

  @Test
  void aTaskRunsAndItsResultIsAwaited() {
    try (StalkHarness stalk = harness().start()) {
      AsyncResult result = stalk.client().send(echo(7));

      assertThat(result.get(Integer.class, Duration.ofSeconds(30))).isEqualTo(7);
      assertThat(stalk.recorder().await("echo").value()).isEqualTo(7);
    }
  }

  @Test
  void anHourOfCountdownPassesInNoTime() {
    try (StalkHarness stalk = harness().start()) {
      stalk.client().send(echo(1).withCountdown(Duration.ofHours(1)));
      stalk.awaitIdle();
      stalk.clock().advance(Duration.ofMinutes(59));
      stalk.awaitIdle();
      assertThat(stalk.recorder().events()).isEmpty();

      stalk.clock().advance(Duration.ofMinutes(1));

      stalk.recorder().await("echo");
    }
  }

  @Test
  void whatExpiresWhileItWaitsIsNotRun() {
    try (StalkHarness stalk = harness().start()) {
      stalk
          .client()
          .send(
              echo(1)
                  .withCountdown(Duration.ofMinutes(10))
                  .expiringAt(stalk.clock().instant().plus(Duration.ofMinutes(5))));
      stalk.awaitIdle();

      stalk.clock().advance(Duration.ofMinutes(10));

      stalk.recorder().await("echo", Outcome.REVOKED);
      assertThat(stalk.recorder().events("echo")).hasSize(1);
    }
  }

  @Test
  void aRetryWaitsForItsBackoff() {
    try (StalkHarness stalk =
        harness()
            .task(
                "flaky",
                (context, arguments) -> {
                  if (context.retries() == 0) {
                    throw RetryTask.after(Duration.ofMinutes(3));
                  }
                  return "done";
                })
            .start()) {
      AsyncResult result = stalk.client().send(TaskSignature.of("flaky"));
      stalk.recorder().await("flaky", Outcome.RETRIED);
      stalk.awaitIdle();
      assertThat(stalk.recorder().events("flaky")).hasSize(2);

      stalk.clock().advance(Duration.ofMinutes(3));

      assertThat(stalk.recorder().await("flaky").retries()).isEqualTo(1);
      assertThat(result.get(String.class, Duration.ofSeconds(30))).isEqualTo("done");
    }
  }

  @Test
  void aRateLimitLetsTheNextBeginInTheNextPeriod() {
    QueueConfig oneAMinute =
        QueueConfig.builder().threads(1).rateLimit(new RateLimit(1, Duration.ofMinutes(1))).build();
    try (StalkHarness stalk = harness().queue("celery", oneAMinute).start()) {
      stalk.client().sendAll(List.of(echo(1), echo(2)));
      stalk.recorder().await("echo");
      assertThat(stalk.client().queueLengths("celery")).containsEntry(0, 1L);

      stalk.clock().advance(Duration.ofMinutes(1));

      stalk.recorder().await("echo", Outcome.SUCCEEDED, 2);
    }
  }

  @Test
  void anOpenBreakerTriesAgainAfterItsWait() {
    AtomicBoolean broken = new AtomicBoolean(true);
    BreakerConfig breaker =
        BreakerConfig.builder()
            .slidingWindowSize(2)
            .minimumNumberOfCalls(2)
            .waitDurationInOpenState(Duration.ofMinutes(5))
            .build();
    QueueConfig queue = QueueConfig.builder().threads(1).circuitBreaker(breaker).build();
    try (StalkHarness stalk =
        StalkHarness.builder()
            .queue("celery", queue)
            .task(
                "call",
                (context, arguments) -> {
                  if (broken.get()) {
                    throw new IllegalStateException("the other side is down");
                  }
                  return null;
                })
            .start()) {
      for (int i = 0; i < 5; i++) {
        stalk.client().send(TaskSignature.of("call"));
      }
      stalk.recorder().await("call", Outcome.FAILED, 2);
      broken.set(false);

      stalk.clock().advance(Duration.ofMinutes(5).plusMillis(1)); // "after" the wait, not with it

      stalk.recorder().await("call", Outcome.SUCCEEDED, 3);
      assertThat(stalk.recorder().events("call"))
          .filteredOn(event -> event.outcome() == Outcome.FAILED)
          .hasSize(2);
    }
  }

  @Test
  void aTimeLimitStopsATaskWhenTheClockReachesIt() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    TaskOptions limited = TaskOptions.builder().timeLimit(Duration.ofMinutes(1)).build();
    try (StalkHarness stalk =
        harness()
            .worker(
                worker ->
                    worker.task(
                        "hang",
                        limited,
                        (context, arguments) -> {
                          begun.countDown();
                          never.await();
                          return null;
                        }))
            .start()) {
      AsyncResult result = stalk.client().send(TaskSignature.of("hang"));
      begun.await();

      stalk.clock().advance(Duration.ofMinutes(1));

      assertThat(result.await(Duration.ofSeconds(30)).state()).isEqualTo(TaskState.FAILURE);
    }
  }

  @Test
  void whatADeadWorkerHeldIsRunWhenItsLeaseHasLapsedAndWhatALivingOneHoldsIsNot() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (StalkHarness stalk =
        harness()
            .task(
                "slow",
                (context, arguments) -> {
                  begun.countDown();
                  end.await();
                  return null;
                })
            .start()) {
      stalk.client().send(TaskSignature.of("slow"));
      begun.await();
      QueueConnection dead = stalk.memory().connect().consume(List.of("other"), "dead", () -> {});
      stalk.client().send(echo(1).on("other"));
      assertThat(dead.exchange(List.of(), 1, false).deliveries()).hasSize(1);
      dead.close();

      stalk.clock().advance(Duration.ofMinutes(3));

      assertThat(stalk.client().queueLengths("other")).containsEntry(0, 1L);
      end.countDown();
      stalk.recorder().await("slow");
      assertThat(stalk.recorder().events("slow")).hasSize(2);
    } finally {
      end.countDown();
    }
  }

  @Test
  void anOutageIsToldToTheSenderAndTheWorkerGoesOnAfterIt() {
    try (StalkHarness stalk = harness().start()) {
      stalk.memory().down();
      assertThatThrownBy(() -> stalk.client().send(echo(1)))
          .isInstanceOf(BrokerUnavailableException.class);
      stalk.memory().up();

      stalk.client().send(echo(2));

      assertThat(stalk.recorder().await("echo").value()).isEqualTo(2);
    }
  }

  @Test
  void eventsThatDoNotComeFailWithWhatCameInstead() {
    try (StalkHarness stalk = harness().start()) {
      stalk.client().send(echo(1).withId("the-one"));
      stalk.recorder().await("echo");

      assertThatThrownBy(
              () ->
                  stalk
                      .recorder()
                      .await("a failure", e -> e.outcome() == Outcome.FAILED, 1, Duration.ZERO))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("in vain")
          .hasMessageContaining("a failure")
          .hasMessageContaining("the-one");
      assertThatThrownBy(stalk::redis).isInstanceOf(IllegalStateException.class);
    }
  }
}
