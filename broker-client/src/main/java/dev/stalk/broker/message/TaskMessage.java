package dev.stalk.broker.message;

import java.util.Objects;

/**
 * One task on the wire, as values.
 *
 * @param headers who, when and under which limits
 * @param body arguments and what follows
 * @param properties how it travels
 */
public record TaskMessage(TaskHeaders headers, TaskBody body, MessageProperties properties) {
  public TaskMessage {
    Objects.requireNonNull(headers, "headers");
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(properties, "properties");
  }
}
