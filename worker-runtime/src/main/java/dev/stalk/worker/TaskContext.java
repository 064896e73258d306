package dev.stalk.worker;

import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a running task may know about its call (celery's {@code self.request}).
 *
 * @param queue the queue the message was fetched from
 * @param message the message
 */
public record TaskContext(String queue, TaskMessage message) {
  public TaskContext {
    Objects.requireNonNull(queue, "queue");
    Objects.requireNonNull(message, "message");
  }

  private TaskHeaders headers() {
    return message.headers();
  }

  /** The task's id. */
  public String id() {
    return headers().id();
  }

  /** The name it was called by. */
  public String task() {
    return headers().task();
  }

  /** The first task of the workflow; this one's own id if it is the first. */
  public String rootId() {
    String root = headers().rootId();
    return root == null ? id() : root;
  }

  /** The task that sent this one; null if none did. */
  public @Nullable String parentId() {
    return headers().parentId();
  }

  /** How often it has been retried. */
  public int retries() {
    return headers().retries();
  }

  /** Not to be run before; null if it could run at once. */
  public @Nullable Instant eta() {
    return instant(headers().eta());
  }

  /** Not to be begun after; null if it never expires. */
  public @Nullable Instant expires() {
    return instant(headers().expires());
  }

  private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toInstant();
  }

  /** The caller's own headers. */
  public Map<String, @Nullable Object> customHeaders() {
    return headers().custom();
  }

  /** The priority it was sent with. */
  public int priority() {
    return message.properties().priority();
  }

  /**
   * Whether the message has been with a worker before: it may have run, wholly or in part, already.
   */
  public boolean redelivered() {
    return message.properties().redelivered();
  }

  /** The arguments. */
  public TaskArguments arguments() {
    return new TaskArguments(message.body().args(), message.body().kwargs());
  }
}
