package dev.stalk.worker;

import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.EventConfig;
import dev.stalk.broker.EventDispatcher;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.worker.config.TaskConfig;
import dev.stalk.worker.config.WorkerEventsConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.AbstractList;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What monitors are told of a task, beside what Celery told of the like. */
@Timeout(60)
class WorkerEventsTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:15:30.5Z");
  private static final WorkerEventsConfig TASKS = new WorkerEventsConfig(true, Duration.ZERO);

  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final TaskRegistry registry = new TaskRegistry();
  private final RecordingSink sink = new RecordingSink();
  private final RecordingFanout fanout = new RecordingFanout();
  private final Services services =
      new Services(registry, new FakeTransport()).clock(clock).maxDeliveries(3);
  private final RevokedTasks revoked = new RevokedTasks(clock);
  private final EventDispatcher dispatcher =
      new EventDispatcher(Services.NODE, fanout, EventConfig.DEFAULT, clock);
  private WorkerEvents events = events(TASKS, false);

  private WorkerEvents events(WorkerEventsConfig told, boolean taskSent) {
    return new WorkerEvents(dispatcher, told, taskSent, WorkerTime.system(), () -> 0);
  }

  @AfterEach
  void end() {
    events.close(Duration.ofSeconds(5));
  }

  private void task(TaskHandler handler) {
    registry.add(new RegisteredTask("echo", handler, TaskOptions.DEFAULT));
  }

  private TaskExecution execution(Delivery delivery) {
    WorkerMetrics.OfQueue metrics =
        new WorkerMetrics(new SimpleMeterRegistry()).queue(Messages.QUEUE);
    WorkerServices shared = services.events(events).build(revoked, new TaskRates(clock));
    return new TaskExecution(delivery, TaskConfig.DEFAULT, shared, metrics, sink);
  }

  private TaskExecution ended(Messages message) {
    TaskExecution execution = execution(message.delivery(1));
    execution.run();
    return execution;
  }

  /** Runs and settles it; everything monitors are told. */
  private List<JsonNode> told(Messages message) {
    return told(message.delivery(1));
  }

  private List<JsonNode> told(Delivery delivery) {
    TaskExecution execution = execution(delivery);
    execution.run();
    execution.settled();
    dispatcher.close();
    return fanout.rest();
  }

  private static List<String> types(List<JsonNode> events) {
    return events.stream().map(event -> event.get("type").stringValue()).toList();
  }

  private static JsonNode last(List<JsonNode> events) {
    return events.get(events.size() - 1);
  }

  /** Has the fields of Celery's event, of the same kinds. */
  private static void assertLike(JsonNode event, String recorded) throws IOException {
    for (String version : List.of("celery-5.2.7", "celery-5.7.0")) {
      Path file = Path.of("../broker-client/src/test/resources/wire", version, "events", recorded);
      JsonNode theirs = JsonMapper.shared().readTree(Files.readAllBytes(file));
      List<String> names =
          theirs.propertyNames().stream().filter(name -> !name.equals("utcoffset")).toList();
      assertThat(List.copyOf(event.propertyNames())).isEqualTo(names);
      for (String name : names) {
        if (!event.get(name).isNull() && !theirs.get(name).isNull()) {
          assertThat(event.get(name).getNodeType())
              .as(name)
              .isEqualTo(theirs.get(name).getNodeType());
        }
      }
    }
  }

  @Test
  void aTaskThatReturnsIsReceivedStartedAndSucceeds() throws Exception {
    task((context, arguments) -> List.of(1, "two"));

    List<JsonNode> told =
        told(aTaskMessage().expires(NOW.plusSeconds(60)).parentId("p").rootId("r").retries(2));

    assertThat(types(told)).containsExactly("task-received", "task-started", "task-succeeded");
    assertLike(told.get(0), "task-received.json");
    assertLike(told.get(1), "task-started.json");
    assertLike(told.get(2), "task-succeeded.json");
    assertThat(told.get(0).get("expires").stringValue())
        .isEqualTo("2026-11-22T10:16:30.500000+00:00");
    assertThat(told.get(0).get("retries").intValue()).isEqualTo(2);
    assertThat(told.get(2).get("result").stringValue()).isEqualTo("[1, 'two']");
    assertThat(told.get(2).get("runtime").isFloatingPointNumber()).isTrue();
    assertThat(told)
        .allSatisfy(event -> assertThat(event.get("uuid").stringValue()).isEqualTo("id-1"));
    assertThat(told)
        .allSatisfy(
            event -> assertThat(event.get("hostname").stringValue()).isEqualTo(Services.NODE));
  }

  @Test
  void anEndIsToldOnlyWhenItIsSettled() throws Exception {
    task((context, arguments) -> "done");

    TaskExecution execution = ended(aTaskMessage());

    assertThat(fanout.next().get("type").stringValue()).isEqualTo("task-received");
    assertThat(fanout.next().get("type").stringValue()).isEqualTo("task-started");
    assertThat(dispatcher.waiting()).isZero();
    assertThat(fanout.rest()).isEmpty();
    execution.settled();
    execution.settled(); // only once
    dispatcher.close();
    assertThat(types(fanout.rest())).containsExactly("task-succeeded");
  }

  @Test
  void anEndThatCouldNotBeWrittenIsAFailure() {
    task((context, arguments) -> "done");
    TaskExecution execution = ended(aTaskMessage());

    execution.unwritten();
    execution.settled();
    dispatcher.close();

    assertThat(last(fanout.rest()).get("exception").stringValue())
        .isEqualTo("RuntimeError('its outcome could not be written')");
  }

  @Test
  void aLongResultIsCutAsCeleryCutsIt() throws Exception {
    task((context, arguments) -> "it's long ".repeat(300));

    JsonNode ours = last(told(aTaskMessage()));

    assertLike(ours, "task-succeeded-long.json");
    assertThat(ours.get("result").stringValue()).hasSizeBetween(1000, 1040).endsWith("...'");
  }

  @Test
  void aValueThatCannotBeShownIsNoReasonToFail() {
    task(
        (context, arguments) ->
            new AbstractList<Object>() {
              @Override
              public Object get(int index) {
                throw new ConcurrentModificationException("others change it");
              }

              @Override
              public int size() {
                return 1;
              }
            });

    List<JsonNode> told = told(aTaskMessage().ignoreResult(true));

    assertThat(last(told).get("type").stringValue()).isEqualTo("task-succeeded");
    assertThat(last(told).get("result").stringValue()).startsWith("<unrepresentable ");
  }

  @Test
  void aTaskThatThrowsFailsWithItsExceptionAndTraceback() throws Exception {
    task(
        (context, arguments) -> {
          throw new IllegalArgumentException("kaput");
        });

    List<JsonNode> told = told(aTaskMessage());

    assertThat(types(told)).containsExactly("task-received", "task-started", "task-failed");
    assertLike(last(told), "task-failed.json");
    assertThat(last(told).get("exception").stringValue()).isEqualTo("ValueError('kaput')");
    assertThat(last(told).get("traceback").stringValue())
        .startsWith("Traceback (most recent call last):\n")
        .endsWith("IllegalArgumentException: kaput\n");
  }

  @Test
  void aRetryNamesItsReason() throws Exception {
    task(
        (context, arguments) -> {
          throw RetryTask.after(Duration.ZERO)
              .because(new PythonError("builtins", "KeyError", "k"));
        });

    List<JsonNode> told = told(aTaskMessage());

    assertThat(types(told)).containsExactly("task-received", "task-started", "task-retried");
    assertLike(last(told), "task-retried.json");
    assertThat(last(told).get("exception").stringValue()).isEqualTo("KeyError('k')");
    assertThat(last(told).get("traceback").stringValue())
        .containsPattern("\ncelery.exceptions.Retry: Retry .*: .*KeyError.*\n$");
  }

  @Test
  void aRetryWithoutReasonHasNone() throws Exception {
    task(
        (context, arguments) -> {
          throw RetryTask.after(Duration.ZERO);
        });

    JsonNode retried = last(told(aTaskMessage()));

    assertLike(retried, "task-retried-without-cause.json");
    assertThat(retried.get("exception").stringValue()).isEqualTo("None");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRejectedMessageIsRejected(boolean requeue) throws Exception {
    task(
        (context, arguments) -> {
          throw requeue ? RejectTask.requeue("no") : RejectTask.discard("no");
        });

    List<JsonNode> told = told(aTaskMessage());

    assertThat(types(told)).containsExactly("task-received", "task-started", "task-rejected");
    assertLike(last(told), "task-rejected.json");
    assertThat(last(told).get("requeue").booleanValue()).isEqualTo(requeue);
  }

  @Test
  void anIgnoredTaskHasNoEnd() {
    task(
        (context, arguments) -> {
          throw new IgnoreTask();
        });

    assertThat(types(told(aTaskMessage()))).containsExactly("task-received", "task-started");
  }

  @Test
  void ofAnExpiredTaskNothingElseIsTold() throws Exception {
    task((context, arguments) -> "never");

    List<JsonNode> told = told(aTaskMessage().expires(NOW.minusSeconds(1)));

    assertThat(types(told)).containsExactly("task-revoked");
    assertLike(told.get(0), "task-revoked-expired.json");
    assertThat(told.get(0).get("expired").booleanValue()).isTrue();
    assertThat(told.get(0).get("terminated").booleanValue()).isFalse();
    assertThat(told.get(0).get("signum").isNull()).isTrue();
  }

  @Test
  void ofARevokedTaskNothingElseIsTold() throws Exception {
    task((context, arguments) -> "never");
    revoked.add("id-1");

    List<JsonNode> told = told(aTaskMessage());

    assertThat(types(told)).containsExactly("task-revoked");
    assertLike(told.get(0), "task-revoked-revoked.json");
    assertThat(told.get(0).get("expired").booleanValue()).isFalse();
  }

  @Test
  void aTerminatedTaskIsRevokedBySignalFifteenAndNothingElse() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    task(
        (context, arguments) -> {
          never.await();
          return "never";
        });
    TaskExecution execution = execution(aTaskMessage().delivery(1));
    Thread thread = new Thread(execution, "pool");
    thread.start();
    assertThat(fanout.next().get("type").stringValue()).isEqualTo("task-received");
    assertThat(fanout.next().get("type").stringValue()).isEqualTo("task-started");

    assertThat(execution.terminate("id-1")).isTrue();
    thread.join();
    execution.settled();
    dispatcher.close();

    List<JsonNode> told = fanout.rest();
    assertThat(types(told)).containsExactly("task-revoked");
    assertLike(told.get(0), "task-revoked-terminated.json");
    assertThat(told.get(0).get("terminated").booleanValue()).isTrue();
    assertThat(told.get(0).get("signum").intValue()).isEqualTo(15);
  }

  @Test
  void aTaskPastItsHardLimitFailsOnce() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    task(
        (context, arguments) -> {
          never.await();
          return "never";
        });

    List<JsonNode> told = told(aTaskMessage().timeLimits(0.05, null));

    assertThat(types(told)).containsExactly("task-received", "task-started", "task-failed");
    assertLike(last(told), "task-failed-timeout.json");
    assertThat(last(told).get("exception").stringValue()).isEqualTo("TimeLimitExceeded(0.05)");
    assertThat(last(told).get("traceback").stringValue())
        .isEqualTo("billiard.exceptions.TimeLimitExceeded(0.05)\n");
  }

  @Test
  void aTaskThatIsTakenBackIsCancelled() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    task(
        (context, arguments) -> {
          never.await();
          return "never";
        });
    TaskExecution execution = execution(aTaskMessage().delivery(1));
    Thread thread = new Thread(execution, "pool");
    thread.start();
    fanout.next();
    fanout.next();

    assertThat(execution.takeBackRunning()).isTrue();
    var unused = execution.takenBack();
    thread.join();
    execution.settled();
    dispatcher.close();

    assertThat(types(fanout.rest())).containsExactly("task-cancelled");
  }

  @Test
  void whatWaitsAndIsTakenBackIsNotSpokenOf() {
    task((context, arguments) -> "never");
    TaskExecution execution = execution(aTaskMessage().delivery(1));

    assertThat(execution.takeBackIfWaiting()).isTrue();
    var unused = execution.takenBack();
    execution.settled();
    dispatcher.close();

    assertThat(fanout.rest()).isEmpty();
  }

  @Test
  void anUnknownTaskFailsWithoutBeginning() throws Exception {
    List<JsonNode> told = told(aTaskMessage().task("acme.nowhere"));

    assertThat(types(told)).containsExactly("task-failed");
    assertLike(told.get(0), "task-failed-unknown.json");
    assertThat(told.get(0).get("exception").stringValue())
        .isEqualTo("NotRegistered('acme.nowhere')");
  }

  @Test
  void ofAMessageThatCannotBeReadNothingIsKnown() {
    assertThat(told(Messages.delivery(1, "{\"headers\": 1}"))).isEmpty();
  }

  @Test
  void whatATaskSendsIsToldIfAskedFor() throws Exception {
    events = events(new WorkerEventsConfig(false, null), true);
    task((context, arguments) -> context.send(TaskSignature.of("other", 1).on("elsewhere")));

    List<JsonNode> told = told(aTaskMessage());

    assertThat(types(told)).containsExactly("task-sent");
    assertLike(told.get(0), "task-sent.json");
    assertThat(told.get(0).get("parent_id").stringValue()).isEqualTo("id-1");
    assertThat(told.get(0).get("queue").stringValue()).isEqualTo("elsewhere");
  }

  @Test
  void whatFollowsATaskIsToldBeforeItsEnd() {
    events = events(TASKS, true);
    task((context, arguments) -> 5);
    Map<String, Object> next = Map.of("task", "next", "args", List.of(), "options", Map.of());

    List<JsonNode> told =
        told(aTaskMessage().embed("callbacks", List.of(next)).embed("chain", List.of(next)));

    assertThat(types(told))
        .containsExactly(
            "task-received", "task-started", "task-sent", "task-sent", "task-succeeded");
    assertThat(told.get(2).get("name").stringValue()).isEqualTo("next");
    assertThat(told.get(2).get("args").stringValue()).isEqualTo("(5,)");
  }

  @Test
  void aRetryIsToldAsSentAndOnlyOnceItIsSettled() {
    events = events(TASKS, true);
    task(
        (context, arguments) -> {
          throw RetryTask.after(Duration.ofSeconds(5));
        });
    TaskExecution execution = execution(aTaskMessage().delivery(1));

    execution.run();

    assertThat(dispatcher.published() + dispatcher.waiting()).isEqualTo(2); // received, started
    execution.settled();
    dispatcher.close();
    List<JsonNode> told = fanout.rest();
    assertThat(types(told).subList(2, 4)).containsExactly("task-sent", "task-retried");
    assertThat(told.get(2).get("uuid").stringValue()).isEqualTo("id-1");
    assertThat(told.get(2).get("retries").intValue()).isOne();
    assertThat(told.get(2).get("eta").stringValue()).isEqualTo("2026-11-22T10:15:35.500000+00:00");
  }

  @Test
  void withoutTaskEventsNothingIsToldOfTasks() {
    events = events(new WorkerEventsConfig(false, null), false);
    task((context, arguments) -> context.send(TaskSignature.of("other")));

    assertThat(told(aTaskMessage())).isEmpty();
    assertThat(dispatcher.published()).isZero();
  }
}
