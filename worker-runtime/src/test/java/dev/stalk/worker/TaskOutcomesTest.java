package dev.stalk.worker;

import static dev.stalk.worker.Bench.NOW;
import static dev.stalk.worker.Bench.stored;
import static dev.stalk.worker.Messages.aTaskMessage;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.AckMode;
import dev.stalk.worker.config.TaskConfig;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TaskOutcomesTest {
  private static final TaskOptions EARLY = TaskOptions.builder().ack(AckMode.EARLY).build();

  private final Bench bench = new Bench();

  // ---- ignore and reject

  @Test
  void anIgnoredTaskIsAcknowledgedAndLeavesNoState() {
    bench.throwing(TaskOptions.DEFAULT, new IgnoreTask());

    assertThat(bench.effects(aTaskMessage())).isEmpty();
  }

  @Test
  void aRequeuedMessageGoesBackMarkedAndGoesOnBeingCounted() {
    bench.throwing(TaskOptions.DEFAULT, RejectTask.requeue("not now"));
    Delivery delivery = aTaskMessage().redelivered().priority(3).delivery(1);

    List<Effect> effects = bench.run(delivery).effects();

    assertThat(effects)
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(
            new Effect.Return(
                new Publication(Messages.QUEUE, 3, Redelivery.mark(delivery.message()))));
    assertThat(bench.transport.counted()).containsExactly(Messages.DELIVERY_TAG);
  }

  @Test
  void aMessageRejectedForGoodFailsAndIsKept() {
    bench.throwing(TaskOptions.DEFAULT, RejectTask.discard("not mine"));
    Delivery delivery = aTaskMessage().delivery(1);

    List<Effect> effects = bench.run(delivery).effects();

    assertThat(stored(effects.get(0)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"Reject\","
                + " \"exc_message\": [\"not mine\", false],"
                + " \"exc_module\": \"celery.exceptions\"}, \"traceback\": null");
    assertThat(effects.get(1))
        .isEqualTo(
            new Effect.Quarantine(
                Messages.QUEUE, "rejected by its task: not mine", 1, delivery.message()));
  }

  @Test
  void ofAMessageThatWasAcknowledgedNothingIsLeftToReject() {
    bench.throwing(EARLY, RejectTask.requeue("too late"));
    acknowledgeAtOnce(true);

    assertThat(stored(runEarly(aTaskMessage().delivery(1)).effects().get(0)))
        .startsWith("{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"Reject\"");
  }

  // ---- early acknowledgement

  private final AtomicReference<TaskExecution> current = new AtomicReference<>();

  private void acknowledgeAtOnce(boolean ours) {
    bench.sink.acknowledging(settlement -> current.get().acknowledged(ours));
  }

  private Settlement runEarly(Delivery delivery) {
    TaskExecution execution = bench.execution(delivery);
    current.set(execution);
    execution.run();
    return bench.sink.settlements().get(0);
  }

  @Test
  void anEarlyAcknowledgementIsConfirmedBeforeTheTaskBegins() {
    List<String> order = new ArrayList<>();
    bench.task(
        EARLY,
        (context, arguments) -> {
          order.add("ran, held: " + current.get().holdsMessage());
          return 5;
        });
    bench.sink.acknowledging(
        settlement -> {
          order.add("acknowledged " + settlement);
          current.get().acknowledged(true);
        });

    Settlement end = runEarly(aTaskMessage().delivery(1));

    String tag = Messages.tag(1);
    assertThat(order)
        .containsExactly("acknowledged " + new Settlement(tag, List.of()), "ran, held: false");
    assertThat(end.claim()).isEqualTo(Settlement.Claim.ACKNOWLEDGED);
    assertThat(end.tag()).isEqualTo(tag);
    assertThat(stored(end.effects().get(0))).startsWith("{\"status\": \"SUCCESS\", \"result\": 5");
  }

  @Test
  void aMessageThatWasSomebodyElsesByThenIsNotRun() {
    bench.throwing(EARLY, new IOException("ran"));
    acknowledgeAtOnce(false);
    TaskExecution execution = bench.execution(aTaskMessage().delivery(1));
    current.set(execution);

    execution.run();

    assertThat(bench.sink.settlements()).isEmpty();
    assertThat(bench.sink.left()).isOne();
    assertThat(execution.isRunning()).isFalse();
  }

  @Test
  void takenBackWhileBeingAcknowledgedItGoesBackAndIsNotRun() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    bench.throwing(EARLY, new IOException("ran"));
    bench.sink.acknowledging(settlement -> asked.countDown());
    Delivery delivery = aTaskMessage().delivery(1);
    TaskExecution execution = bench.execution(delivery);
    Thread thread = bench.start(execution);
    asked.await();

    assertThat(execution.takeBackRunning()).isTrue();
    Settlement back = execution.takenBack();
    thread.join();

    assertThat(back.claim()).isEqualTo(Settlement.Claim.ACKNOWLEDGED);
    assertThat(back.effects()).hasSize(1);
    assertThat(back.effects().get(0)).isInstanceOf(Effect.Return.class);
    assertThat(bench.sink.settlements()).isEmpty();
  }

  @Test
  void takenBackAfterItsAcknowledgementItIsReportedLost() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    bench.task(
        EARLY,
        (context, arguments) -> {
          begun.countDown();
          new CountDownLatch(1).await();
          return null;
        });
    TaskExecution execution = bench.execution(aTaskMessage().delivery(1));
    current.set(execution);
    acknowledgeAtOnce(true);
    Thread thread = bench.start(execution);
    begun.await();

    assertThat(execution.takeBackRunning()).isTrue();
    thread.join();

    Settlement lost = execution.takenBack();
    assertThat(lost.claim()).isEqualTo(Settlement.Claim.ACKNOWLEDGED);
    assertThat(stored(lost.effects().get(0)))
        .startsWith("{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"WorkerLostError\"");
  }

  @Test
  void whatIsNotRunIsNotAcknowledgedEarly() {
    bench.task(EARLY, (context, arguments) -> 1);

    assertThat(bench.run(aTaskMessage().eta(NOW.plusSeconds(1))).claim())
        .isEqualTo(Settlement.Claim.HELD);
    assertThat(bench.sink.acknowledgements()).isEmpty();
  }

  @Test
  void theTasksModeWinsOverTheQueues() {
    bench.config = TaskConfig.builder().ack(AckMode.EARLY).build();
    bench.task(TaskOptions.builder().ack(AckMode.LATE).build(), (context, arguments) -> 1);

    assertThat(bench.run(aTaskMessage()).claim()).isEqualTo(Settlement.Claim.HELD);
  }

  // ---- states

  @Test
  void aTrackedTaskIsStartedBeforeItRuns() {
    bench.config = TaskConfig.builder().trackStarted(true).build();
    List<String> seen = new ArrayList<>();
    bench.task(
        (context, arguments) -> {
          seen.addAll(bench.transport.results().history());
          return 1;
        });

    bench.run(aTaskMessage());

    assertThat(seen).hasSize(1);
    assertThat(seen.get(0))
        .startsWith("{\"status\": \"STARTED\", \"result\": {")
        .contains("\"pid\": " + ProcessHandle.current().pid())
        .contains("\"hostname\": \"stalk@test\"")
        .contains("\"date_done\": null");
  }

  @Test
  void anIgnoredTaskIsNotTrackedAndABrokerThatIsAwayDoesNotStopATask() {
    bench.task(TaskOptions.builder().trackStarted(true).build(), (context, arguments) -> 1);

    bench.run(aTaskMessage().ignoreResult(true));
    assertThat(bench.transport.results().history()).isEmpty();

    bench.transport.results().failWith(new BrokerUnavailableException("away", null));
    assertThat(stored(bench.effects(aTaskMessage()).get(0))).startsWith("{\"status\": \"SUCCESS\"");
  }

  @Test
  void aTaskMayStoreStatesOfItsOwn() {
    bench.task(
        (context, arguments) -> {
          context.updateState("PROGRESS", Map.of("done", 3));
          return 1;
        });

    bench.run(aTaskMessage().group("g-1"));

    assertThat(bench.transport.results().history())
        .containsExactly(
            "{\"status\": \"PROGRESS\", \"result\": {\"done\": 3}, \"traceback\": null,"
                + " \"children\": [], \"date_done\": null, \"group_id\": \"g-1\","
                + " \"task_id\": \"id-1\"}");
  }

  @Test
  void theWorkersOwnStatesAreRefused() {
    bench.task(
        (context, arguments) -> {
          for (String state : List.of("SUCCESS", "FAILURE", "RETRY", "REVOKED", "PENDING")) {
            assertThatIllegalArgumentException().isThrownBy(() -> context.updateState(state, null));
          }
          return 1;
        });

    assertThat(stored(bench.effects(aTaskMessage()).get(0))).startsWith("{\"status\": \"SUCCESS\"");
  }

  @Test
  void aTaskThatHasEndedWritesNothingMore() {
    AtomicReference<TaskContext> kept = new AtomicReference<>();
    bench.task(
        (context, arguments) -> {
          kept.set(context);
          return 1;
        });
    bench.run(aTaskMessage());

    assertThatIllegalStateException().isThrownBy(() -> kept.get().updateState("PROGRESS", 1));
    assertThatIllegalStateException()
        .isThrownBy(() -> kept.get().send(TaskSignature.of("tasks.next")));
  }

  // ---- what is stored

  @Test
  void anIgnoredFailureIsStoredIfTheTaskOrTheQueueWantsIt() {
    bench.throwing(
        TaskOptions.builder().ignoreResult(true).storeErrorsEvenIfIgnored(true).build(),
        new IOException("no"));

    assertThat(stored(bench.effects(aTaskMessage()).get(0))).startsWith("{\"status\": \"FAILURE\"");

    Bench other = new Bench();
    other.config = TaskConfig.builder().storeErrorsEvenIfIgnored(true).build();
    other.throwing(TaskOptions.DEFAULT, new IOException("no"));
    assertThat(other.effects(aTaskMessage().ignoreResult(true))).hasSize(1);
  }

  @Test
  void anExtendedResultNamesTheCall() {
    bench.config = TaskConfig.builder().resultExtended(true).build();
    bench.task((context, arguments) -> 1);

    assertThat(
            stored(
                bench
                    .effects(
                        aTaskMessage().args(1, "a").kwarg("k", null).retries(2).stamp("s", "v"))
                    .get(0)))
        .endsWith(
            ", \"name\": \"echo\", \"args\": [1, \"a\"], \"kwargs\": {\"k\": null},"
                + " \"worker\": \"stalk@test\", \"retries\": 2, \"queue\": \"math\","
                + " \"stamped_headers\": [\"s\"], \"s\": \"v\", \"task_id\": \"id-1\"}");
  }

  // ---- follow-ups

  @Test
  void whatATaskSendsHasItAsParentAndTheSameRootAndIsItsChild() {
    List<String> sent = new ArrayList<>();
    bench.task(
        (context, arguments) -> {
          sent.add(context.send(TaskSignature.of("tasks.next", 7).on("other").withId("child")));
          return 1;
        });

    List<Effect> effects = bench.effects(aTaskMessage().rootId("r-1"));

    assertThat(sent).containsExactly("child");
    Publication publication = bench.transport.published().get(0);
    TaskMessage child = MessageCodec.decode(publication.message());
    assertThat(publication.queue()).isEqualTo("other");
    assertThat(child.headers().parentId()).isEqualTo("id-1");
    assertThat(child.headers().rootId()).isEqualTo("r-1");
    assertThat(stored(effects.get(0))).contains("\"children\": [[[\"child\", null], null]]");
  }

  // ---- revoked

  @Test
  void aRevokedTaskIsNotRun() {
    bench.throwing(TaskOptions.DEFAULT, new IOException("ran"));
    bench.revoked.add("id-1");

    assertThat(stored(bench.effects(aTaskMessage()).get(0)))
        .startsWith(
            "{\"status\": \"REVOKED\", \"result\": {\"exc_type\": \"TaskRevokedError\","
                + " \"exc_message\": [\"revoked\"]");
  }

  @Test
  void aTaskIsRevokedByItsStamp() {
    bench.throwing(TaskOptions.DEFAULT, new IOException("ran"));
    bench.revoked.addStamp("release", "r7");

    assertThat(stored(bench.effects(aTaskMessage().stamp("release", List.of("r6", "r7"))).get(0)))
        .startsWith("{\"status\": \"REVOKED\"");
  }

  @Test
  void anExpiredTaskStaysRevoked() {
    bench.throwing(TaskOptions.DEFAULT, new IOException("ran"));
    bench.run(aTaskMessage().expires(NOW.minusSeconds(1)));

    assertThat(bench.revoked.ids()).containsExactly("id-1");
  }

  @Test
  void aRunningTaskIsStoppedAndItsMessageAcknowledged() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    bench.task(
        (context, arguments) -> {
          begun.countDown();
          new CountDownLatch(1).await();
          return null;
        });
    TaskExecution execution = bench.execution(aTaskMessage().delivery(1));
    Thread thread = bench.start(execution);
    begun.await();

    assertThat(execution.terminate("somebody else")).isFalse();
    assertThat(execution.terminate("id-1")).isTrue();
    assertThat(execution.terminate("id-1")).isFalse();
    thread.join();

    assertThat(bench.sink.settlements()).hasSize(1);
    assertThat(stored(bench.sink.settlements().get(0).effects().get(0)))
        .startsWith("{\"status\": \"REVOKED\"")
        .contains("\"exc_message\": [\"terminated\"]");
    assertThat(bench.sink.left()).isOne();
  }

  // ---- duplicates

  @Test
  void aRedeliveredTaskThatHasSucceededIsNotRunAgain() {
    bench.config = TaskConfig.builder().deduplicateSuccessfulTasks(true).build();
    List<String> runs = new ArrayList<>();
    bench.task((context, arguments) -> runs.add(context.id()));

    bench.run(aTaskMessage());
    assertThat(bench.effects(aTaskMessage().redelivered())).isEmpty();

    assertThat(runs).containsExactly("id-1");
  }

  @Test
  void aSuccessOfAnotherWorkerCountsToo() {
    bench.config = TaskConfig.builder().deduplicateSuccessfulTasks(true).build();
    bench.throwing(TaskOptions.DEFAULT, new IOException("ran"));
    bench
        .transport
        .results()
        .store("id-1", "{\"status\": \"SUCCESS\", \"result\": 1}".getBytes(UTF_8));

    assertThat(bench.effects(aTaskMessage().redelivered())).isEmpty();
  }

  @Test
  void whatIsNotKnownToHaveSucceededRuns() {
    bench.config = TaskConfig.builder().deduplicateSuccessfulTasks(true).build();
    bench.transport.results().failWith(new BrokerUnavailableException("away", null));
    bench.task((context, arguments) -> 1);

    assertThat(bench.effects(aTaskMessage().redelivered())).hasSize(2);
  }

  // ---- rates

  @Test
  void aTaskThatComesTooEarlyWaitsInTheBrokerForAnInstantOfItsOwn() {
    bench.task(
        TaskOptions.builder().rateLimit(TaskRate.parse("30/m")).build(), (context, arguments) -> 1);

    assertThat(bench.effects(aTaskMessage().id("a")).get(0)).isInstanceOf(Effect.StoreResult.class);
    assertThat(bench.effects(aTaskMessage().id("b")).get(0))
        .isInstanceOfSatisfying(
            Effect.Park.class, park -> assertThat(park.due()).isEqualTo(NOW.plusSeconds(2)));
    assertThat(bench.effects(aTaskMessage().id("c")).get(0))
        .isInstanceOfSatisfying(
            Effect.Park.class, park -> assertThat(park.due()).isEqualTo(NOW.plusSeconds(4)));
    assertThat(bench.effects(aTaskMessage().id("b")).get(0))
        .isInstanceOfSatisfying(
            Effect.Park.class, park -> assertThat(park.due()).isEqualTo(NOW.plusSeconds(2)));
  }

  // ---- asynchronous tasks

  @Test
  void anAsynchronousTaskEndsWhenItsStageDoesAndHoldsNoThread() {
    CompletableFuture<Object> later = new CompletableFuture<>();
    bench.task(Bench.promising(later));

    bench.execution(aTaskMessage().delivery(1)).run();
    assertThat(bench.sink.settlements()).isEmpty();
    assertThat(bench.sink.left()).isZero();

    later.complete(List.of(1, 2));
    assertThat(stored(bench.sink.settlements().get(0).effects().get(0)))
        .startsWith("{\"status\": \"SUCCESS\", \"result\": [1, 2]");
    assertThat(bench.sink.left()).isOne();
  }

  @Test
  void anAsynchronousTaskFailsWithWhatItsStageFailedWith() {
    bench.task(
        Bench.promising(
            CompletableFuture.failedFuture(new IOException("no")).thenApply(value -> value)));

    assertThat(stored(bench.effects(aTaskMessage()).get(0)))
        .startsWith("{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"OSError\"");
    assertThat(bench.sink.left()).isOne();
  }

  @Test
  void anAsynchronousTaskThatIsStoppedIsCancelled() {
    CompletableFuture<Object> never = new CompletableFuture<>();
    bench.task(Bench.promising(never));
    TaskExecution execution = bench.execution(aTaskMessage().delivery(1));
    execution.run();

    assertThat(execution.terminate("id-1")).isTrue();

    assertThat(never).isCancelled();
    assertThat(bench.sink.settlements()).hasSize(1);
    assertThat(bench.sink.left()).isOne();
  }

  // ---- interceptors and listeners

  @Test
  void interceptorsStandAroundTheTaskInTheirOrder() {
    List<String> order = new ArrayList<>();
    bench
        .services
        .interceptor(
            (context, arguments, next) -> {
              order.add("outer");
              return "(" + next.run(context, arguments) + ")";
            })
        .interceptor(
            (context, arguments, next) -> {
              order.add("inner");
              return "[" + next.run(context, new TaskArguments(List.of("changed"), Map.of())) + "]";
            });
    bench.task((context, arguments) -> arguments.positional().get(0));

    assertThat(stored(bench.effects(aTaskMessage().args("original")).get(0)))
        .startsWith("{\"status\": \"SUCCESS\", \"result\": \"([changed])\"");
    assertThat(order).containsExactly("outer", "inner");
  }

  @Test
  void whatAnInterceptorThrowsIsTheTasksOutcome() {
    bench.services.interceptor(
        (context, arguments, next) -> {
          throw new IgnoreTask();
        });
    bench.throwing(TaskOptions.DEFAULT, new IOException("ran"));

    assertThat(bench.effects(aTaskMessage())).isEmpty();
  }

  @Test
  void listenersAreToldInOrderAndWhatTheyThrowChangesNothing() {
    List<String> told = new ArrayList<>();
    bench.services.listener(new FailingListener()).listener(new WritingListener(told));
    bench.task(
        (context, arguments) -> {
          Object wish = arguments.positional().get(0);
          if (wish instanceof String name && name.equals("retry")) {
            throw RetryTask.later();
          } else if (wish instanceof String name && name.equals("ignore")) {
            throw new IgnoreTask();
          } else if (wish instanceof String name && name.equals("requeue")) {
            throw RejectTask.requeue("no");
          } else if (wish instanceof String name && name.equals("fail")) {
            throw new IOException("no");
          }
          return wish;
        });

    for (Object wish : List.of(1, "fail", "retry", "ignore", "requeue")) {
      bench.run(aTaskMessage().args(wish));
      told.add("-");
    }
    bench.revoked.add("id-1");
    bench.run(aTaskMessage().args(1));

    assertThat(String.join(" ", told))
        .isEqualTo(
            "received started succeeded:1 ended - received started failed:IOException ended -"
                + " received started retried ended - received started ignored ended -"
                + " received started rejected:true ended - revoked:revoked");
  }

  private static final class FailingListener implements TaskListener {
    @Override
    public void started(TaskContext context) {
      throw new IllegalStateException("a listener's own trouble");
    }
  }

  private record WritingListener(List<String> told) implements TaskListener {
    @Override
    public void received(TaskContext context) {
      told.add("received");
    }

    @Override
    public void started(TaskContext context) {
      told.add("started");
    }

    @Override
    public void succeeded(TaskContext context, @Nullable Object value, Duration runtime) {
      told.add("succeeded:" + value);
    }

    @Override
    public void failed(TaskContext context, Throwable error) {
      told.add("failed:" + error.getClass().getSimpleName());
    }

    @Override
    public void retried(TaskContext context, @Nullable Throwable cause, @Nullable Instant eta) {
      told.add("retried");
    }

    @Override
    public void ignored(TaskContext context) {
      told.add("ignored");
    }

    @Override
    public void rejected(TaskContext context, boolean requeue) {
      told.add("rejected:" + requeue);
    }

    @Override
    public void revoked(TaskContext context, String reason) {
      told.add("revoked:" + reason);
    }

    @Override
    public void ended(TaskContext context) {
      told.add("ended");
    }
  }
}
