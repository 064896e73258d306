package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.Values;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.peers.MessageCorpus;
import dev.stalk.peers.MessageCorpus.Outcome;
import dev.stalk.worker.config.TaskConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever arrives, a worker ends with it once, and keeps what it cannot run as it was. */
@Timeout(120)
class MessageCorpusTest {
  /** Another one for the mutations, to repeat a failure or to look for new ones. */
  private static final long SEED = Long.getLong("stalk.corpus.seed", 20261122);

  private static final int MUTATIONS = Integer.getInteger("stalk.corpus.mutations", 4000);

  private final TaskRegistry registry = new TaskRegistry();
  private final Services services = new Services(registry, new FakeTransport());
  private final WorkerMetrics.OfQueue metrics =
      new WorkerMetrics(new SimpleMeterRegistry()).queue(Messages.QUEUE);
  private WorkerServices built;

  MessageCorpusTest() {
    registry.add(
        new RegisteredTask(
            MessageCorpus.TASK,
            (context, arguments) -> arguments.get(0, "x", Object.class),
            TaskOptions.DEFAULT));
  }

  @AfterEach
  void stopTimer() throws InterruptedException {
    if (built != null) {
      built.timer().close();
    }
  }

  /** What one message came to. */
  private record End(List<Effect> effects) {
    Outcome outcome() {
      if (!of(Effect.Quarantine.class).isEmpty()) {
        return Outcome.QUARANTINED;
      }
      if (!of(Effect.Park.class).isEmpty()) {
        return Outcome.PARKED;
      }
      return Outcome.valueOf(String.valueOf(meta().get("status")));
    }

    <T extends Effect> List<T> of(Class<T> type) {
      return effects.stream().filter(type::isInstance).map(type::cast).toList();
    }

    Map<?, ?> meta() {
      byte[] meta = of(Effect.StoreResult.class).get(0).meta();
      return (Map<?, ?>) Objects.requireNonNull(Values.read(meta));
    }

    /** Why, as it is told to who waits and to the operator. */
    String says() {
      StringBuilder says = new StringBuilder();
      of(Effect.Quarantine.class).forEach(quarantine -> says.append(quarantine.reason()));
      if (!of(Effect.StoreResult.class).isEmpty()) {
        says.append(' ').append(meta().get("result"));
      }
      return says.toString();
    }
  }

  private End end(byte[] message) throws InterruptedException {
    RecordingSink sink = new RecordingSink();
    Delivery delivery = Messages.delivery(1, message.clone());
    if (built == null) {
      built = services.build();
    }

    new TaskExecution(delivery, TaskConfig.DEFAULT, built, metrics, sink).run();
    sink.awaitEnd(); // a mutated time limit of next to nothing ends it on the timer's thread

    assertThat(sink.left()).isOne();
    assertThat(sink.settlements()).extracting(Settlement::tag).containsExactly(delivery.tag());
    End end = new End(sink.settlements().get(0).effects());
    for (Effect.Quarantine quarantine : end.of(Effect.Quarantine.class)) {
      assertThat(quarantine.message()).isEqualTo(message);
      assertThat(quarantine.reason()).isNotBlank().doesNotContain("\n");
    }
    for (Effect.Park park : end.of(Effect.Park.class)) {
      assertThat(park.message()).isEqualTo(message);
    }
    return end;
  }

  static List<MessageCorpus.Case> cases() {
    return MessageCorpus.load();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void everyMalformedMessageHasItsOutcome(MessageCorpus.Case each) throws InterruptedException {
    End end = end(each.message());

    assertThat(end.outcome()).as(end.says()).isEqualTo(each.outcome());
    if (each.outcome() != Outcome.SUCCESS) {
      assertThat(end.says()).contains(each.says());
    }
    if (each.outcome() != Outcome.PARKED) {
      assertThat(end.of(Effect.StoreResult.class))
          .as("results: " + end.says())
          .extracting(Effect.StoreResult::taskId)
          .isEqualTo(each.id() == null ? List.of() : List.of(each.id()));
    }
    assertThat(end.says().length())
        .as("a reason is short")
        .isLessThan(each.outcome() == Outcome.SUCCESS ? Integer.MAX_VALUE : 2000);
  }

  @Test
  void theCorpusIsLargeAndHasEveryOutcome() throws InterruptedException {
    assertThat(cases()).hasSizeGreaterThan(700);
    assertThat(cases()).extracting(MessageCorpus.Case::outcome).contains(Outcome.values());
    assertThat(cases()).extracting(MessageCorpus.Case::name).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "1", "hybrid"})
  void whateverIsMutatedEndsOnceAndIsKeptIfItCannotRun(String protocol)
      throws InterruptedException {
    services.content(
        ContentConfig.builder()
            .acceptContent("json", "yaml", "msgpack")
            .maxDecompressedSize(1 << 20)
            .build());
    byte[] sound = MessageCorpus.sound("mutated", protocol);
    MessageMutations mutations = new MessageMutations(sound, SEED);

    for (int i = 0; i < MUTATIONS; i++) {
      byte[] message = mutations.next();
      try {
        End end = end(message);
        if (!end.effects().isEmpty()) { // a mutated ignore_result
          assertThat(end.outcome()).isNotNull();
        }
      } catch (RuntimeException | AssertionError | StackOverflowError e) {
        throw new AssertionError(
            "-Dstalk.corpus.seed=%d, mutation %d of protocol %s: %s"
                .formatted(SEED, i, protocol, new String(message, StandardCharsets.ISO_8859_1)),
            e);
      }
    }
  }
}
