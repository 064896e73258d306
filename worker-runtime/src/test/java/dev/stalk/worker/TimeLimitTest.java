package dev.stalk.worker;

import static dev.stalk.worker.Bench.stored;
import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.TaskConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TimeLimitTest {
  private static final Duration SHORT = Duration.ofMillis(20);
  private static final TaskOptions SOFT = TaskOptions.builder().softTimeLimit(SHORT).build();
  private static final TaskOptions HARD = TaskOptions.builder().timeLimit(SHORT).build();

  private final Bench bench = new Bench();

  private static void block() throws InterruptedException {
    new CountDownLatch(1).await();
  }

  @Test
  void aBlockedTaskIsInterruptedAndFailsAsCelerysWould() {
    bench.task(
        SOFT,
        (context, arguments) -> {
          block();
          return null;
        });

    assertThat(stored(bench.effects(aTaskMessage()).get(0)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"SoftTimeLimitExceeded\","
                + " \"exc_message\": [], \"exc_module\": \"billiard.exceptions\"}");
  }

  @Test
  void aTaskMayCatchItAndSucceed() {
    bench.task(
        SOFT,
        (context, arguments) -> {
          try {
            block();
          } catch (InterruptedException e) {
            return "partial";
          }
          return "whole";
        });

    assertThat(stored(bench.effects(aTaskMessage()).get(0)))
        .startsWith("{\"status\": \"SUCCESS\", \"result\": \"partial\"");
  }

  @Test
  void aTaskThatComputesAsks() {
    bench.task(
        SOFT,
        (context, arguments) -> {
          while (true) {
            context.checkTimeLimit();
            Thread.onSpinWait();
          }
        });

    assertThat(stored(bench.effects(aTaskMessage()).get(0))).contains("SoftTimeLimitExceeded");
  }

  @Test
  void anInterruptForAnotherReasonIsNoTimeLimit() {
    bench.task(
        TaskOptions.builder().softTimeLimit(Duration.ofHours(1)).build(),
        (context, arguments) -> {
          throw new InterruptedException("own");
        });

    assertThat(stored(bench.effects(aTaskMessage()).get(0)))
        .contains("\"exc_type\": \"InterruptedException\"");
  }

  @Test
  void aSoftTimeLimitMayBeRetried() {
    bench.task(
        TaskOptions.builder()
            .softTimeLimit(SHORT)
            .retry(RetryPolicy.builder().autoRetryFor(List.of(SoftTimeLimitExceeded.class)).build())
            .build(),
        (context, arguments) -> {
          block();
          return null;
        });

    assertThat(Bench.published(bench.effects(aTaskMessage()).get(0)).headers().retries()).isOne();
  }

  @Test
  void theMessagesLimitWinsOverTheTasksAndThatOverTheQueues() {
    bench.config = TaskConfig.builder().softTimeLimit(Duration.ofHours(3)).build();
    List<@Nullable Duration> seen = new ArrayList<>();
    bench.task(
        TaskOptions.builder().timeLimit(Duration.ofHours(2)).build(),
        (context, arguments) -> {
          seen.add(context.softTimeLimit());
          seen.add(context.timeLimit());
          assertThat(context.deadline()).isAfter(Bench.NOW);
          return null;
        });

    bench.run(aTaskMessage());
    bench.run(aTaskMessage().timeLimits(1.5, 0.0));

    assertThat(seen)
        .containsExactly(
            Duration.ofHours(3), Duration.ofHours(2), Duration.ofHours(3), Duration.ofMillis(1500));
  }

  @Test
  void aTaskThatRunsTooLongIsSettledWithoutItsHelp() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicReference<TaskContext> kept = new AtomicReference<>();
    AtomicBoolean late = new AtomicBoolean();
    bench.task(
        HARD,
        (context, arguments) -> {
          kept.set(context);
          begun.countDown();
          while (release.getCount() > 0) {
            Thread.interrupted(); // nothing reaches it
            Thread.onSpinWait();
          }
          late.set(true);
          return "too late";
        });
    TaskExecution execution = bench.execution(aTaskMessage().delivery(1));
    Thread thread = bench.start(execution);

    assertThat(stored(bench.sink.awaitEnd().effects().get(0)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"TimeLimitExceeded\","
                + " \"exc_message\": [0.02], \"exc_module\": \"billiard.exceptions\"},"
                + " \"traceback\": null");
    begun.await(); // the limit may be over before its thread has come to the task
    assertThatIllegalStateException()
        .isThrownBy(() -> kept.get().send(TaskSignature.of("tasks.next")));
    assertThat(bench.sink.stuck()).isSameAs(thread);
    assertThat(bench.sink.left()).isZero();

    release.countDown();
    thread.join();
    assertThat(late).isTrue();
    assertThat(bench.sink.settlements()).hasSize(1);
    assertThat(bench.sink.left()).isZero();
  }

  @Test
  void aTaskThatLeavesWhenInterruptedKeepsItsThread() throws Exception {
    bench.services.grace(Duration.ofHours(1));
    bench.task(
        HARD,
        (context, arguments) -> {
          block();
          return null;
        });
    Thread thread = bench.start(bench.execution(aTaskMessage().delivery(1)));

    thread.join();

    assertThat(bench.sink.settlements()).hasSize(1);
    assertThat(bench.sink.left()).isOne();
  }

  @Test
  void anAsynchronousTaskIsCancelledByBothLimits() throws Exception {
    CompletableFuture<Object> soft = new CompletableFuture<>();
    bench.task(SOFT, Bench.promising(soft));
    bench.execution(aTaskMessage().delivery(1)).run();
    assertThat(stored(bench.sink.awaitEnd().effects().get(0))).contains("SoftTimeLimitExceeded");

    Bench other = new Bench();
    CompletableFuture<Object> hard = new CompletableFuture<>();
    other.task(HARD, Bench.promising(hard));
    other.execution(aTaskMessage().delivery(1)).run();
    assertThat(stored(other.sink.awaitEnd().effects().get(0))).contains("\"TimeLimitExceeded\"");
  }

  @Test
  void aSoftLimitThatIsOverBeforeTheStageIsReturnedCancelsIt() throws Exception {
    CompletableFuture<Object> promised = new CompletableFuture<>();
    TaskHandler promising = Bench.promising(promised);
    bench.task(
        SOFT,
        (context, arguments) -> {
          while (!Thread.currentThread().isInterrupted()) {
            Thread.onSpinWait();
          }
          return promising.run(context, arguments);
        });

    bench.execution(aTaskMessage().delivery(1)).run();

    assertThat(promised).isCancelled();
    assertThat(stored(bench.sink.awaitEnd().effects().get(0))).contains("SoftTimeLimitExceeded");
    assertThat(bench.sink.left()).isOne();
  }

  @Test
  void aStageThatATaskReturnsAfterItHasNoticedTheSoftLimitIsWaitedFor() {
    CompletableFuture<Object> cleaning = new CompletableFuture<>();
    TaskHandler promising = Bench.promising(cleaning);
    bench.task(
        SOFT,
        (context, arguments) -> {
          try {
            block();
          } catch (InterruptedException e) {
            return promising.run(context, arguments);
          }
          return null;
        });

    bench.execution(aTaskMessage().delivery(1)).run();
    cleaning.complete("cleaned up");

    assertThat(stored(bench.sink.settlements().get(0).effects().get(0)))
        .startsWith("{\"status\": \"SUCCESS\", \"result\": \"cleaned up\"");
  }

  @Test
  void aStageIsCancelledAlsoByWhatComesWhileItsThreadIsAboutToLeave() {
    AtomicReference<TaskExecution> self = new AtomicReference<>();
    CompletableFuture<Object> stoppedMeanwhile =
        new CompletableFuture<>() {
          @Override
          public CompletableFuture<Object> whenComplete(
              BiConsumer<? super Object, ? super Throwable> action) {
            assertThat(self.get().terminate("id-1")).isTrue();
            return super.whenComplete(action);
          }
        };
    bench.task(Bench.promising(stoppedMeanwhile));
    self.set(bench.execution(aTaskMessage().delivery(1)));

    self.get().run();

    assertThat(stoppedMeanwhile).isCancelled();
    assertThat(bench.sink.settlements()).hasSize(1);
    assertThat(bench.sink.left()).isOne();
  }

  // ---- the thread's place

  @Test
  void aThreadThatIsGivenUpIsReplacedAndNeverDoMoreRunThanThereAreThreads() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(1, 3));
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    AtomicReference<Thread> stuck = new AtomicReference<>();
    bulkhead.run(
        () -> {
          stuck.set(Thread.currentThread());
          begun.countDown();
          awaitQuietly(release);
        });
    begun.await();
    CountDownLatch next = new CountDownLatch(1);
    bulkhead.run(next::countDown);
    assertThat(next.getCount()).isOne();

    bulkhead.giveUp(stuck.get());
    next.await(); // it was in the line behind the stuck one
    assertThat(bulkhead.stuck()).isOne();

    release.countDown();
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch all = new CountDownLatch(40);
    for (int i = 0; i < 40; i++) {
      bulkhead.run(
          () -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            Thread.onSpinWait();
            running.decrementAndGet();
            all.countDown();
          });
    }
    all.await();
    assertThat(most).hasValue(1);
    while (bulkhead.stuck() > 0) { // the other may have done all of them before this one is back
      Thread.onSpinWait();
    }
    bulkhead.close();
  }

  @Test
  void everyThreadMayBeStuckMoreThanOnce() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(2, 2));
    CountDownLatch release = new CountDownLatch(1);
    for (int round = 0; round < 8; round++) {
      CountDownLatch begun = new CountDownLatch(1);
      AtomicReference<Thread> stuck = new AtomicReference<>();
      bulkhead.run(
          () -> {
            stuck.set(Thread.currentThread());
            begun.countDown();
            awaitQuietly(release);
          });
      begun.await();
      bulkhead.giveUp(stuck.get());
    }

    CountDownLatch both = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      bulkhead.run(
          () -> {
            both.countDown();
            awaitQuietly(both);
          });
    }
    both.await(); // two at once, although eight are stuck
    assertThat(bulkhead.stuck()).isEqualTo(8);
    release.countDown();
    bulkhead.close();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
