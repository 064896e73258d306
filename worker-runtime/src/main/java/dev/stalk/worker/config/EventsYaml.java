package dev.stalk.worker.config;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.EventConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads the section {@code events}, which says what the worker tells and how that travels. The
 * rules are those of {@link WorkerEventsConfig} and {@link EventConfig}.
 */
final class EventsYaml {
  private boolean task;
  private @Nullable Duration heartbeat;
  private EventConfig travelling = EventConfig.DEFAULT;

  void read(YamlSection events) {
    events.bool("task", value -> task = value);
    events.duration(
        "heartbeat",
        value -> heartbeat = new WorkerEventsConfig(false, value).effectiveHeartbeat());
    events.bool("task-sent", value -> travelling = travelling.withTaskSent(value));
    events.text("exchange", value -> travelling = travelling.withExchange(value));
    events.size("memory-limit", value -> travelling = travelling.withMemoryLimit(value));
  }

  WorkerEventsConfig told() {
    return new WorkerEventsConfig(task, heartbeat);
  }

  BrokerConfig travellingBy(BrokerConfig broker) {
    return broker.toBuilder().events(travelling).build();
  }
}
