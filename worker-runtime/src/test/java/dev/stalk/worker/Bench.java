package dev.stalk.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.TaskConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A workbench: one task called {@code echo}, one message after the other, and what came of it. */
final class Bench {
  static final Instant NOW = Instant.parse("2026-11-22T10:15:30Z");

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final TaskRegistry registry = new TaskRegistry();
  final RecordingSink sink = new RecordingSink();
  final FakeTransport transport = new FakeTransport();
  final Services services =
      new Services(registry, transport).clock(Clock.fixed(NOW, ZoneOffset.UTC));
  final RevokedTasks revoked = new RevokedTasks(Clock.fixed(NOW, ZoneOffset.UTC));
  final TaskRates rates = new TaskRates(Clock.fixed(NOW, ZoneOffset.UTC));
  TaskConfig config = TaskConfig.DEFAULT;

  Bench task(TaskHandler handler) {
    return task(TaskOptions.DEFAULT, handler);
  }

  Bench task(TaskOptions options, TaskHandler handler) {
    registry.add(new RegisteredTask("echo", handler, options));
    return this;
  }

  /** A task that throws this. */
  Bench throwing(TaskOptions options, Exception error) {
    return task(
        options,
        (context, arguments) -> {
          throw error;
        });
  }

  /** A task that returns this stage. */
  static TaskHandler promising(CompletionStage<?> stage) {
    Object value = stage;
    return (context, arguments) -> value;
  }

  TaskExecution execution(Delivery delivery) {
    WorkerMetrics.OfQueue metrics = new WorkerMetrics(meters).queue(Messages.QUEUE);
    return new TaskExecution(delivery, config, services.build(revoked, rates), metrics, sink);
  }

  /** Runs a message to its end on this thread. */
  Settlement run(Messages message) {
    return run(message.delivery(1));
  }

  Settlement run(Delivery delivery) {
    int before = sink.size();
    execution(delivery).run();
    assertThat(sink.size()).isEqualTo(before + 1);
    return sink.settlements().get(before);
  }

  List<Effect> effects(Messages message) {
    return run(message).effects();
  }

  /** Starts a message on a thread of its own. */
  Thread start(TaskExecution execution) {
    Thread thread = new Thread(execution, "bench");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  static String stored(Effect effect) {
    assertThat(effect).isInstanceOf(Effect.StoreResult.class);
    return new String(((Effect.StoreResult) effect).meta(), UTF_8);
  }

  static TaskMessage published(Effect effect) {
    assertThat(effect).isInstanceOf(Effect.Publish.class);
    return MessageCodec.decode(((Effect.Publish) effect).publication().message());
  }

  static @Nullable Instant eta(TaskMessage message) {
    return message.headers().eta() == null ? null : message.headers().eta().toInstant();
  }
}
