package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.TaskConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TaskExecutionTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:15:30.123456Z");
  private static final String DONE = "\"date_done\": \"2026-11-22T10:15:30.123456+00:00\"";

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final TaskRegistry registry = new TaskRegistry();
  private final RecordingSink sink = new RecordingSink();
  private final FakeTransport transport = new FakeTransport();
  private final Services services = new Services(registry, transport).maxDeliveries(3);
  private TaskConfig config = TaskConfig.DEFAULT;
  private Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);

  /** Something Jackson sees nothing in. */
  private static final class Opaque {}

  /** Annotated tasks. */
  public static class Tasks {
    @Task("add")
    public int add(int x, int y) {
      return x + y;
    }

    @Task(value = "quiet", ignoreResult = true)
    public String quiet() {
      return "shh";
    }
  }

  private void task(String name, TaskHandler handler) {
    task(name, TaskOptions.DEFAULT, handler);
  }

  private void task(String name, TaskOptions options, TaskHandler handler) {
    registry.add(new RegisteredTask(name, handler, options));
  }

  private void returning(@Nullable Object value) {
    task("echo", (context, arguments) -> value);
  }

  private void throwing(Throwable error) {
    task(
        "echo",
        (context, arguments) -> {
          if (error instanceof Error serious) {
            throw serious;
          }
          throw (Exception) error;
        });
  }

  private TaskExecution execution(Delivery delivery) {
    WorkerMetrics.OfQueue metrics = new WorkerMetrics(meters).queue(Messages.QUEUE);
    return new TaskExecution(delivery, config, services.clock(clock).build(), metrics, sink);
  }

  private List<Effect> effects(Messages message) {
    return effects(message.delivery(1));
  }

  /** Runs it, and sees to it that it ended once and left once. */
  private List<Effect> effects(Delivery delivery) {
    execution(delivery).run();

    assertThat(sink.left()).isOne();
    assertThat(sink.settlements()).extracting(Settlement::tag).containsExactly(delivery.tag());
    return sink.settlements().get(0).effects();
  }

  private String stored(Messages message) {
    return stored(effects(message), 1, "id-1");
  }

  private static String stored(List<Effect> effects, int count, String id) {
    assertThat(effects).hasSize(count);
    assertThat(effects.get(0)).isInstanceOf(Effect.StoreResult.class);
    Effect.StoreResult result = (Effect.StoreResult) effects.get(0);
    assertThat(result.taskId()).isEqualTo(id);
    return new String(result.meta(), UTF_8);
  }

  private long runs(String task, String outcome) {
    return Optional.ofNullable(
            meters.find("stalk.task.run").tags("task", task, "outcome", outcome).timer())
        .map(timer -> timer.count())
        .orElse(0L);
  }

  // ---- what ran

  @Test
  void aReturnedValueIsStoredAsSuccess() {
    registry.addAll(new Tasks());

    assertThat(stored(aTaskMessage().task("add").args(2, 3)))
        .isEqualTo(
            "{\"status\": \"SUCCESS\", \"result\": 5, \"traceback\": null, \"children\": [], "
                + DONE
                + ", \"task_id\": \"id-1\"}");
    assertThat(runs("add", "success")).isOne();
  }

  @Test
  void aResultNamesItsGroupAndWhoSentTheTask() {
    returning(Map.of("k", List.of(1, "\u00e9", 0.1)));

    assertThat(stored(aTaskMessage().group("g-1").parentId("p-1")))
        .isEqualTo(
            "{\"status\": \"SUCCESS\", \"result\": {\"k\": [1, \"\\u00e9\", 0.1]},"
                + " \"traceback\": null, \"children\": [], "
                + DONE
                + ", \"group_id\": \"g-1\", \"parent_id\": \"p-1\", \"task_id\": \"id-1\"}");
  }

  @Test
  void nullIsAResult() {
    returning(null);

    assertThat(stored(aTaskMessage()))
        .isEqualTo(
            "{\"status\": \"SUCCESS\", \"result\": null, \"traceback\": null, \"children\": [], "
                + DONE
                + ", \"task_id\": \"id-1\"}");
  }

  @Test
  void whatWasThrownIsStoredAsFailure() {
    Exception error = new IOException("disk \"full\"");
    error.setStackTrace(new StackTraceElement[0]);
    throwing(error);

    assertThat(stored(aTaskMessage().group("g-1")))
        .isEqualTo(
            ("{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"OSError\","
                    + " \"exc_message\": [\"disk \\\"full\\\"\"], \"exc_module\": \"builtins\"},"
                    + " \"traceback\": \"java.io.IOException: disk \\\"full\\\"%s\","
                    + " \"children\": [], "
                    + DONE
                    + ", \"group_id\": \"g-1\", \"task_id\": \"id-1\"}")
                .formatted("\\n"));
    assertThat(runs("echo", "failure")).isOne();
  }

  @Test
  void anErrorIsAFailureToo() {
    throwing(new StackOverflowError());

    assertThat(stored(aTaskMessage()))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"RecursionError\","
                + " \"exc_message\": [], \"exc_module\": \"builtins\"},"
                + " \"traceback\": \"Traceback (most recent call last):");
  }

  @Test
  void argumentsThatDoNotFitAreAFailure() {
    registry.addAll(new Tasks());

    assertThat(stored(aTaskMessage().task("add").args(1)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"TypeError\","
                + " \"exc_message\": [\"add() missing 1 required positional argument: 'y'\"],"
                + " \"exc_module\": \"builtins\"}, ");
  }

  @Test
  void aResultThatHasNoFormInJsonIsAFailure() {
    returning(new Opaque());

    assertThat(stored(aTaskMessage().group("g-1")))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"EncodeError\","
                + " \"exc_message\": [\"a value of dev.stalk.worker.TaskExecutionTest$Opaque"
                + " cannot be written as JSON\"], \"exc_module\": \"kombu.exceptions\"},"
                + " \"traceback\": \"")
        .contains("EncodingException: ")
        .endsWith("\"children\": [], " + DONE + ", \"group_id\": \"g-1\", \"task_id\": \"id-1\"}");
    assertThat(runs("echo", "failure")).isOne();
    assertThat(runs("echo", "success")).isZero();
  }

  @Test
  void aResultThatThrowsWhileItIsWrittenIsAFailure() {
    returning(
        new AbstractList<Object>() {
          @Override
          public Object get(int index) {
            throw new IllegalStateException("no session");
          }

          @Override
          public int size() {
            return 1;
          }
        });

    assertThat(stored(aTaskMessage()))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"EncodeError\","
                + " \"exc_message\": [\"")
        .contains("no session");
    assertThat(runs("echo", "failure")).isOne();
  }

  @Test
  void aResultThatCannotBeWrittenForWantOfMemoryKeepsTheMessage() {
    returning(
        new AbstractList<Object>() {
          @Override
          public Object get(int index) {
            throw new OutOfMemoryError("for the test");
          }

          @Override
          public int size() {
            return 1;
          }
        });
    Delivery delivery = aTaskMessage().delivery(1);

    assertThat(effects(delivery))
        .containsExactly(
            new Effect.Quarantine(
                Messages.QUEUE, "its outcome could not be written", 1, delivery.message()));
  }

  @Test
  void theTaskIsToldItsCallAndItsArguments() {
    List<Object> seen = new ArrayList<>();
    task(
        "echo",
        (context, arguments) -> {
          seen.addAll(List.of(context.queue(), context.id(), arguments));
          return null;
        });

    effects(aTaskMessage().id("id-9").args(1).kwarg("y", "z"));

    assertThat(seen)
        .containsExactly(Messages.QUEUE, "id-9", new TaskArguments(List.of(1), Map.of("y", "z")));
  }

  // ---- results nobody wants

  @Test
  void aResultIsIgnoredIfTheHeaderSaysSo() {
    returning(5);

    assertThat(effects(aTaskMessage().ignoreResult(true))).isEmpty();
  }

  @Test
  void aResultIsIgnoredIfTheAnnotationSaysSo() {
    registry.addAll(new Tasks());

    assertThat(effects(aTaskMessage().task("quiet"))).isEmpty();
    assertThat(runs("quiet", "success")).isOne();
  }

  @Test
  void theHeaderWinsOverTheAnnotation() {
    registry.addAll(new Tasks());

    assertThat(stored(aTaskMessage().task("quiet").ignoreResult(false)))
        .startsWith("{\"status\": \"SUCCESS\", \"result\": \"shh\"");
  }

  @Test
  void aFailureIsIgnoredToo() {
    throwing(new IOException());

    assertThat(effects(aTaskMessage().ignoreResult(true))).isEmpty();
  }

  @Test
  void anIgnoredResultNeedsNoFormInJson() {
    returning(new Opaque());

    assertThat(effects(aTaskMessage().ignoreResult(true))).isEmpty();
    assertThat(runs("echo", "success")).isOne();
  }

  // ---- what did not run

  @Test
  void anExpiredTaskIsStoredAsRevokedAndNotRun() {
    throwing(new AssertionError("ran"));

    assertThat(stored(aTaskMessage().expires(NOW.minusNanos(1000))))
        .isEqualTo(
            "{\"status\": \"REVOKED\", \"result\": {\"exc_type\": \"TaskRevokedError\","
                + " \"exc_message\": [\"expired\"], \"exc_module\": \"celery.exceptions\"},"
                + " \"traceback\": null, \"children\": [], "
                + DONE
                + ", \"task_id\": \"id-1\"}");
    assertThat(runs("echo", "expired")).isOne();
  }

  @Test
  void aTaskRunsUpToTheInstantItExpires() {
    returning(1);

    assertThat(stored(aTaskMessage().expires(NOW))).startsWith("{\"status\": \"SUCCESS\"");
  }

  @Test
  void anExpiredTaskWhoseResultIsIgnoredLeavesNothing() {
    throwing(new AssertionError("ran"));

    assertThat(effects(aTaskMessage().expires(NOW.minusSeconds(1)).ignoreResult(true))).isEmpty();
  }

  @Test
  void aTaskThatIsNotDueIsParkedUnchangedUntilItIs() {
    throwing(new AssertionError("ran"));
    Instant due = NOW.plusNanos(1000);
    Delivery delivery = aTaskMessage().eta(due).delivery(1);

    List<Effect> effects = effects(delivery);

    assertThat(effects).containsExactly(new Effect.Park(Messages.QUEUE, due, delivery.message()));
    assertThat(runs("echo", "parked")).isOne();
  }

  @Test
  void aTaskThatIsDueNowRuns() {
    returning(1);

    assertThat(stored(aTaskMessage().eta(NOW))).startsWith("{\"status\": \"SUCCESS\"");
  }

  @Test
  void whatHasExpiredDoesNotWaitForItsTime() {
    returning(1);

    assertThat(stored(aTaskMessage().eta(NOW.plusSeconds(9)).expires(NOW.minusSeconds(1))))
        .startsWith("{\"status\": \"REVOKED\"");
  }

  @Test
  void anUnknownTaskFailsAndItsMessageIsKept() {
    Delivery delivery = aTaskMessage().task("nobody.knows").parentId("p-1").delivery(1);

    List<Effect> effects = effects(delivery);

    assertThat(stored(effects, 2, "id-1"))
        .isEqualTo(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"NotRegistered\","
                + " \"exc_message\": [\"nobody.knows\"], \"exc_module\": \"celery.exceptions\"},"
                + " \"traceback\": null, \"children\": [], "
                + DONE
                + ", \"task_id\": \"id-1\"}");
    assertThat(effects.get(1))
        .isEqualTo(
            new Effect.Quarantine(
                Messages.QUEUE, "no task is called nobody.knows", 1, delivery.message()));
    assertThat(runs(WorkerMetrics.UNKNOWN_TASK, "quarantined")).isOne();
  }

  @Test
  void anUnknownTaskFailsEvenIfItsResultIsIgnored() {
    assertThat(effects(aTaskMessage().task("nobody.knows").ignoreResult(true))).hasSize(2);
  }

  @Test
  void aMalformedMessageWithAnIdFailsAndIsKept() {
    Delivery delivery =
        Messages.delivery(
            1,
            "{\"body\": \"W10=\", \"content-type\": \"application/x-python-serialize\","
                + " \"headers\": {\"task\": \"echo\", \"id\": \"id-7\"}, \"properties\": {}}");

    List<Effect> effects = effects(delivery);

    assertThat(stored(effects, 2, "id-7"))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"DecodeError\","
                + " \"exc_message\": [\"message.content-type is ");
    assertThat(effects.get(1))
        .isInstanceOfSatisfying(
            Effect.Quarantine.class,
            quarantine -> {
              assertThat(quarantine.message()).isSameAs(delivery.message());
              assertThat(quarantine.reason()).contains("application/x-python-serialize");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no JSON",
        "[]",
        "{}",
        "{\"headers\": {\"id\": 7}}",
        "{\"headers\": {\"id\": \"\"}}"
      })
  void aMalformedMessageWithoutIdIsKept(String text) {
    Delivery delivery = Messages.delivery(1, text);

    List<Effect> effects = effects(delivery);

    assertThat(effects).hasSize(1);
    assertThat(effects.get(0))
        .isInstanceOfSatisfying(
            Effect.Quarantine.class,
            quarantine -> {
              assertThat(quarantine.queue()).isEqualTo(Messages.QUEUE);
              assertThat(quarantine.message()).isSameAs(delivery.message());
              assertThat(quarantine.reason()).isNotBlank();
            });
    assertThat(runs(WorkerMetrics.UNKNOWN_TASK, "quarantined")).isOne();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "chord     | chord",
        "chain     | chain (a chord)",
        "callbacks | callbacks (a chord)",
        "errbacks  | errbacks (a chord)"
      })
  void aWorkflowThatCannotBeContinuedIsNotBegun(String part, String named) {
    throwing(new AssertionError("ran"));
    Map<String, Object> signature =
        Map.of("task", "next", "args", List.of(), "options", Map.of(), "subtask_type", "chord");
    Delivery delivery = aTaskMessage().embed(part, List.of(signature)).delivery(1);

    List<Effect> effects = effects(delivery);

    String reason = "the message carries " + named + ", which this worker cannot continue yet";
    assertThat(stored(effects, 2, "id-1"))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"NotImplementedError\","
                + " \"exc_message\": [\""
                + reason
                + "\"], \"exc_module\": \"builtins\"}");
    assertThat(effects.get(1))
        .isEqualTo(new Effect.Quarantine(Messages.QUEUE, reason, 1, delivery.message()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"chain", "callbacks", "chord"})
  void anEmptyWorkflowIsNone(String part) {
    returning(1);

    assertThat(stored(aTaskMessage().embed(part, List.of())))
        .startsWith("{\"status\": \"SUCCESS\"");
  }

  @Test
  void whatGoesWrongOnTheWayToTheTaskKeepsTheMessage() {
    returning(1);
    AtomicBoolean broken = new AtomicBoolean(true);
    InstantSource brokenOnce =
        () -> {
          if (broken.getAndSet(false)) {
            throw new IllegalStateException("no time");
          }
          return NOW;
        };
    clock = brokenOnce.withZone(ZoneOffset.UTC);
    Delivery delivery = aTaskMessage().delivery(1);

    assertThat(effects(delivery))
        .containsExactly(
            new Effect.Quarantine(
                Messages.QUEUE,
                "could not be handled: java.lang.IllegalStateException: no time",
                1,
                delivery.message()));
  }

  // ---- delivered again

  @Test
  void aFirstDeliveryIsNotCounted() {
    returning(1);

    effects(aTaskMessage());

    assertThat(transport.counted()).isEmpty();
  }

  @Test
  void aRedeliveredMessageIsCountedAndItsCountForgottenOnceItIsHandled() {
    returning(1);
    transport.counting(tag -> 3);

    List<Effect> effects = effects(aTaskMessage().redelivered());

    assertThat(stored(effects, 2, "id-1")).startsWith("{\"status\": \"SUCCESS\"");
    assertThat(effects.get(1)).isEqualTo(new Effect.ForgetDeliveries(Messages.DELIVERY_TAG));
    assertThat(transport.counted()).containsExactly(Messages.DELIVERY_TAG);
  }

  @Test
  void theCountIsForgottenAfterAFailureAndWithAnIgnoredResultToo() {
    throwing(new IOException());

    assertThat(effects(aTaskMessage().redelivered().ignoreResult(true)))
        .containsExactly(new Effect.ForgetDeliveries(Messages.DELIVERY_TAG));
  }

  @Test
  void aMessageBegunTooOftenIsNotBegunAgainButKept() {
    throwing(new AssertionError("ran"));
    transport.counting(tag -> 4);
    Delivery delivery = aTaskMessage().redelivered().delivery(1);

    List<Effect> effects = effects(delivery);

    assertThat(stored(effects, 3, "id-1"))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"WorkerLostError\","
                + " \"exc_message\": [\"delivered 3 times without an end\"],"
                + " \"exc_module\": \"billiard.exceptions\"}");
    assertThat(effects.subList(1, 3))
        .containsExactly(
            new Effect.Quarantine(
                Messages.QUEUE, "delivered 3 times without an end", 3, delivery.message()),
            new Effect.ForgetDeliveries(Messages.DELIVERY_TAG));
    assertThat(runs("echo", "quarantined")).isOne();
  }

  @Test
  void withoutALimitNothingIsCounted() {
    returning(1);
    services.maxDeliveries(0);

    assertThat(stored(aTaskMessage().redelivered())).startsWith("{\"status\": \"SUCCESS\"");
    assertThat(transport.counted()).isEmpty();
  }

  @Test
  void whatCannotBeCountedIsBegunAllTheSame() {
    returning(1);
    transport.counting(
        tag -> {
          throw new BrokerUnavailableException("away", null);
        });

    assertThat(stored(effects(aTaskMessage().redelivered()), 2, "id-1"))
        .startsWith("{\"status\": \"SUCCESS\"");
  }

  @Test
  void whatIsNotBegunIsNotCounted() {
    returning(1);

    assertThat(effects(aTaskMessage().redelivered().eta(NOW.plusSeconds(1)))).hasSize(1);
    assertThat(transport.counted()).isEmpty();
  }

  // ---- taken back

  @Test
  void whatIsTakenBackBeforeItBeganIsNeverRun() {
    AtomicBoolean ran = new AtomicBoolean();
    task("echo", (context, arguments) -> ran.getAndSet(true));
    TaskExecution execution = execution(aTaskMessage().delivery(1));

    assertThat(execution.takeBackIfWaiting()).isTrue();
    assertThat(execution.takeBackIfWaiting()).isFalse();
    execution.run();

    assertThat(ran).isFalse();
    assertThat(sink.settlements()).isEmpty();
    assertThat(sink.left()).isOne();
  }

  @Test
  void whatIsTakenBackWhileItRunsIsInterruptedAndItsOutcomeDropped() {
    AtomicReference<TaskExecution> self = new AtomicReference<>();
    List<Boolean> seen = new ArrayList<>();
    task(
        "echo",
        (context, arguments) -> {
          seen.add(self.get().isRunning());
          seen.add(self.get().takeBackIfWaiting());
          seen.add(self.get().takeBackRunning());
          seen.add(self.get().takeBackRunning());
          seen.add(Thread.currentThread().isInterrupted());
          return "dropped";
        });
    self.set(execution(aTaskMessage().delivery(1)));

    self.get().run();

    assertThat(seen).containsExactly(true, false, true, false, true);
    assertThat(sink.settlements()).isEmpty();
    assertThat(sink.left()).isOne();
    assertThat(self.get().isRunning()).isFalse();
  }

  @Test
  void aBlockedTaskIsInterruptedByAnotherThread() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    task(
        "echo",
        (context, arguments) -> {
          begun.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.set(true);
            throw e;
          }
          return null;
        });
    TaskExecution execution = execution(aTaskMessage().delivery(1));
    Thread thread = new Thread(execution);
    thread.start();
    begun.await();

    assertThat(execution.takeBackRunning()).isTrue();

    thread.join();
    assertThat(interrupted).isTrue();
    assertThat(sink.settlements()).isEmpty();
    assertThat(sink.left()).isOne();
  }

  @Test
  void whatDoesNotRunCannotBeTakenBackRunning() {
    returning(1);
    TaskExecution execution = execution(aTaskMessage().delivery(1));

    assertThat(execution.isRunning()).isFalse();
    assertThat(execution.takeBackRunning()).isFalse();
    execution.run();

    assertThat(execution.takeBackRunning()).isFalse();
    assertThat(execution.takeBackIfWaiting()).isFalse();
    assertThat(sink.settlements()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void anInterruptNeverReachesTheNextTaskOfTheThread(boolean throwing) {
    task(
        "echo",
        (context, arguments) -> {
          Thread.currentThread().interrupt();
          if (throwing) {
            throw new InterruptedException();
          }
          return null;
        });

    execution(aTaskMessage().delivery(1)).run();

    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void eitherItEndsOrItIsTakenBackNeverBoth() throws InterruptedException {
    returning(1);
    int rounds = 500;
    AtomicReference<@Nullable TaskExecution> next = new AtomicReference<>();
    Thread runner =
        new Thread(
            () -> {
              for (int i = 0; i < rounds; i++) {
                takeWithoutWaiting(next).run();
              }
            });
    runner.start();

    int takenBack = 0;
    for (int i = 0; i < rounds; i++) {
      TaskExecution execution = execution(aTaskMessage().delivery(i));
      next.set(execution);
      for (int spin = i % 100; spin > 0; spin--) {
        Thread.onSpinWait();
      }
      boolean taken = execution.takeBackIfWaiting() || execution.takeBackRunning();
      takenBack += taken ? 1 : 0;
      while (sink.left() == i) {
        Thread.onSpinWait();
      }
      assertThat(sink.size()).isEqualTo(i + 1 - takenBack);
    }

    runner.join();
    assertThat(sink.left()).isEqualTo(rounds);
  }

  /** Nothing an interrupt could disturb. */
  private static TaskExecution takeWithoutWaiting(AtomicReference<@Nullable TaskExecution> from) {
    while (true) {
      TaskExecution execution = from.getAndSet(null);
      if (execution != null) {
        return execution;
      }
      Thread.onSpinWait();
    }
  }

  // ---- measured

  @Test
  void theWaitInTheBufferIsMeasuredOnceForEachMessageThatBegan() {
    returning(1);

    execution(aTaskMessage().delivery(1)).run();
    TaskExecution takenBack = execution(aTaskMessage().delivery(2));
    assertThat(takenBack.takeBackIfWaiting()).isTrue();
    takenBack.run();

    assertThat(meters.get("stalk.queue.buffer.wait").timer().count()).isOne();
  }
}
