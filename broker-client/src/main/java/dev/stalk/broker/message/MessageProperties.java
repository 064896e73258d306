package dev.stalk.broker.message;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The properties of kombu's envelope that Stalk reads or writes (kombu {@code
 * transport/virtual/base.py:Channel.prepare_message}).
 *
 * @param correlationId the task's id; read by the rpc backend only
 * @param replyTo the sender's address; read by the rpc backend only
 * @param priority 0 to 9; on Redis 0 is served first
 * @param route exchange and routing key as published
 * @param redelivered whether the message has been with a consumer before
 * @param expiration milliseconds as text, sent with {@code expires}; Redis ignores it
 * @param serializer the kombu name of what the body is to be written in; null for the configured
 *     one, and in every message that was read
 * @param compression the kombu name of how the body is to be compressed, or {@code none}; null for
 *     the configured one, and in every message that was read
 * @param retry how often its publish is tried again; as configured in every message that was read
 */
public record MessageProperties(
    String correlationId,
    String replyTo,
    int priority,
    Route route,
    boolean redelivered,
    @Nullable String expiration,
    @Nullable String serializer,
    @Nullable String compression,
    PublishRetry retry) {

  /** With a body as configured. */
  public MessageProperties(
      String correlationId,
      String replyTo,
      int priority,
      Route route,
      boolean redelivered,
      @Nullable String expiration) {
    this(
        correlationId,
        replyTo,
        priority,
        route,
        redelivered,
        expiration,
        null,
        null,
        PublishRetry.AS_CONFIGURED);
  }

  public MessageProperties {
    Objects.requireNonNull(correlationId, "correlationId");
    Objects.requireNonNull(replyTo, "replyTo");
    Objects.requireNonNull(route, "route");
    Objects.requireNonNull(retry, "retry");
  }
}
