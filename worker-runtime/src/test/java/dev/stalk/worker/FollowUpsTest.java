package dev.stalk.worker;

import static dev.stalk.worker.Bench.published;
import static dev.stalk.worker.Bench.stored;
import static dev.stalk.worker.Messages.aTaskMessage;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FollowUpsTest {
  private final Bench bench = new Bench();

  private static Map<String, Object> signature(String task, Map<String, Object> options) {
    return Map.of("task", task, "args", List.of("own"), "kwargs", Map.of(), "options", options);
  }

  private static Map<String, Object> immutable(Map<String, Object> signature) {
    Map<String, Object> changed = new HashMap<>(signature);
    changed.put("immutable", true);
    return changed;
  }

  private static String queue(Effect effect) {
    return ((Effect.Publish) effect).publication().queue();
  }

  @Test
  void aCallbackGetsTheValueAndKnowsItsParentAndIsPublishedInTheSameStep() {
    bench.task((context, arguments) -> 5);

    List<Effect> effects =
        bench.effects(
            aTaskMessage()
                .rootId("r-1")
                .embed(
                    "callbacks",
                    List.of(
                        signature(
                            "next",
                            Map.of(
                                "queue", "q", "task_id", "c-1", "priority", 6, "countdown", 5)))));

    assertThat(effects).hasSize(2);
    TaskMessage next = published(effects.get(0));
    assertThat(queue(effects.get(0))).isEqualTo("q");
    assertThat(next.headers().task()).isEqualTo("next");
    assertThat(next.headers().id()).isEqualTo("c-1");
    assertThat(next.headers().parentId()).isEqualTo("id-1");
    assertThat(next.headers().rootId()).isEqualTo("r-1");
    assertThat(next.headers().group()).isNull();
    assertThat(Bench.eta(next)).isEqualTo(Bench.NOW.plusSeconds(5));
    assertThat(next.properties().priority()).isEqualTo(6);
    assertThat(next.properties().replyTo()).isEqualTo("reply-to");
    assertThat(next.body().args()).containsExactly(5, "own");
    assertThat(stored(effects.get(1)))
        .startsWith("{\"status\": \"SUCCESS\"")
        .contains("\"children\": [[[\"c-1\", null], null]]");
  }

  @Test
  void severalCallbacksAreAGroupAndAnImmutableOneTakesNothing() {
    bench.task((context, arguments) -> 5);

    List<Effect> effects =
        bench.effects(
            aTaskMessage()
                .embed(
                    "callbacks",
                    List.of(signature("one", Map.of()), immutable(signature("two", Map.of())))));

    TaskMessage one = published(effects.get(0));
    TaskMessage two = published(effects.get(1));
    assertThat(one.headers().group()).isNotNull().isEqualTo(two.headers().group());
    assertThat(two.headers().groupIndex()).isOne();
    assertThat(two.body().args()).containsExactly("own");
    assertThat(queue(effects.get(0))).isEqualTo("celery");
    assertThat(stored(effects.get(2)))
        .contains(
            "\"children\": [[[\"%s\", null], [[[\"%s\", null], null], [[\"%s\", null], null]]]]"
                .formatted(one.headers().group(), one.headers().id(), two.headers().id()));
  }

  @Test
  void aCallbackMayBeNoChild() {
    bench.task((context, arguments) -> 5);

    List<Effect> effects =
        bench.effects(
            aTaskMessage()
                .embed("callbacks", List.of(signature("next", Map.of("add_to_parent", false)))));

    assertThat(effects).hasSize(2);
    assertThat(published(effects.get(0)).headers().parentId()).isEqualTo("id-1");
    assertThat(stored(effects.get(1))).contains("\"children\": []");
  }

  @Test
  void theNextStepOfAChainCarriesTheRest() {
    bench.task((context, arguments) -> 5);
    Map<String, Object> last = signature("last", Map.of("task_id", "l-1"));
    Map<String, Object> second =
        signature(
            "second", Map.of("task_id", "s-1", "link_error", List.of(signature("oops", Map.of()))));

    List<Effect> effects = bench.effects(aTaskMessage().embed("chain", List.of(last, second)));

    assertThat(effects).hasSize(2);
    TaskMessage next = published(effects.get(0));
    assertThat(next.headers().id()).isEqualTo("s-1");
    assertThat(next.body().embed())
        .containsEntry("chain", List.of(last))
        .containsEntry("errbacks", List.of(signature("oops", Map.of())));
  }

  @Test
  void aFailureIsStoredForEveryFurtherStepAndErrbacksGetTheId() {
    bench.throwing(TaskOptions.DEFAULT, new IOException("no"));

    List<Effect> effects =
        bench.effects(
            aTaskMessage()
                .embed(
                    "chain",
                    List.of(
                        signature("last", Map.of("task_id", "l-1")),
                        signature("second", Map.of("task_id", "s-1"))))
                .embed("errbacks", List.of(signature("oops", Map.of("queue", "errors")))));

    assertThat(effects).hasSize(4);
    assertThat(effects.subList(0, 3))
        .extracting(effect -> ((Effect.StoreResult) effect).taskId())
        .containsExactly("id-1", "l-1", "s-1");
    assertThat(effects.subList(0, 3))
        .allSatisfy(effect -> assertThat(stored(effect)).contains("\"exc_type\": \"OSError\""));
    TaskMessage errback = published(effects.get(3));
    assertThat(queue(effects.get(3))).isEqualTo("errors");
    assertThat(errback.body().args()).containsExactly("id-1", "own");
    assertThat(errback.headers().parentId()).isEqualTo("id-1");
    assertThat(errback.headers().group()).isNotNull();
  }

  @Test
  void aRetryKeepsWhatFollowsForLaterAndCallsNobody() {
    bench.throwing(TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO));
    Messages message =
        aTaskMessage()
            .embed("callbacks", List.of(signature("next", Map.of())))
            .embed("errbacks", List.of(signature("oops", Map.of())));

    List<Effect> effects = bench.effects(message);

    assertThat(effects).hasSize(2);
    assertThat(published(effects.get(0)).body()).isEqualTo(message.message().body());
    assertThat(stored(effects.get(1))).contains("\"children\": [[[\"id-1\", null], null]]");
  }

  @Test
  void aValueThatCannotBeSentOnIsAFailureAndNothingFollows() {
    bench.task((context, arguments) -> new Object());

    List<Effect> effects =
        bench.effects(aTaskMessage().embed("callbacks", List.of(signature("next", Map.of()))));

    assertThat(effects).hasSize(1);
    assertThat(stored(effects.get(0))).contains("\"exc_type\": \"EncodeError\"");
  }

  /** Only these queues may be sent to. */
  private void declareOnly(String queue) {
    bench.services.broker(
        BrokerConfig.builder()
            .routing(
                RoutingConfig.builder()
                    .createMissingQueues(false)
                    .queue(QueueDeclaration.of(queue))
                    .build())
            .build());
  }

  @Test
  void aCallbackToAnUndeclaredQueueIsAFailureOfThatNameAndErrbacksAreCalled() {
    declareOnly("errors");
    bench.task((context, arguments) -> 5);

    List<Effect> effects =
        bench.effects(
            aTaskMessage()
                .embed("callbacks", List.of(signature("next", Map.of("queue", "nowhere"))))
                .embed("errbacks", List.of(signature("oops", Map.of("queue", "errors")))));

    assertThat(effects).hasSize(2);
    assertThat(stored(effects.get(0)))
        .startsWith(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"QueueNotFound\", \"exc_message\":"
                + " [\"Queue 'nowhere' missing from task_queues\"], \"exc_module\":"
                + " \"celery.exceptions\"}");
    assertThat(published(effects.get(1)).headers().task()).isEqualTo("oops");
  }

  @Test
  void anErrbackThatCannotBeSentKeepsNeitherTheFailureNorTheOthers() {
    declareOnly("errors");
    bench.throwing(TaskOptions.DEFAULT, new IOException("no"));
    Delivery delivery =
        aTaskMessage()
            .embed(
                "errbacks",
                List.of(
                    signature("lost", Map.of("queue", "nowhere")),
                    signature("oops", Map.of("queue", "errors"))))
            .delivery(1);

    List<Effect> effects = bench.run(delivery).effects();

    assertThat(effects).hasSize(3);
    assertThat(stored(effects.get(0))).contains("\"exc_type\": \"OSError\"");
    assertThat(published(effects.get(1)).headers().task()).isEqualTo("oops");
    Effect.Quarantine kept = (Effect.Quarantine) effects.get(2);
    assertThat(kept.reason()).startsWith("an errback could not be sent: queue 'nowhere'");
    assertThat(kept.message()).isEqualTo(delivery.message());
  }

  @Test
  void aRetryToAnUndeclaredQueueIsAFailure() {
    declareOnly("errors");
    bench.throwing(TaskOptions.DEFAULT, RetryTask.after(Duration.ZERO).on("nowhere"));

    List<Effect> effects = bench.effects(aTaskMessage());

    assertThat(effects).hasSize(1);
    assertThat(stored(effects.get(0))).contains("\"exc_type\": \"QueueNotFound\"");
  }

  @Test
  void callbacksAndTheNextStepInheritThePriority() {
    bench.services.broker(BrokerConfig.builder().inheritParentPriority(true).build());
    bench.task((context, arguments) -> 5);
    Messages message =
        aTaskMessage()
            .priority(6)
            .embed("callbacks", List.of(signature("next", Map.of("priority", 2))))
            .embed("chain", List.of(signature("step", Map.of())));

    List<Effect> effects = bench.effects(message);

    assertThat(published(effects.get(0)).properties().priority()).isEqualTo(6);
    assertThat(published(effects.get(1)).properties().priority()).isEqualTo(6);
  }

  @Test
  void anErrbackKeepsItsOwnPriority() {
    bench.services.broker(BrokerConfig.builder().inheritParentPriority(true).build());
    bench.throwing(TaskOptions.DEFAULT, new IOException("no"));

    List<Effect> effects =
        bench.effects(
            aTaskMessage().priority(6).embed("errbacks", List.of(signature("oops", Map.of()))));

    assertThat(published(effects.get(1)).properties().priority()).isZero();
  }

  @Test
  void anIgnoredResultIsSentOnAllTheSame() {
    bench.task((context, arguments) -> 5);

    assertThat(
            bench.effects(
                aTaskMessage()
                    .ignoreResult(true)
                    .embed("callbacks", List.of(signature("next", Map.of())))))
        .hasSize(1);
  }
}
