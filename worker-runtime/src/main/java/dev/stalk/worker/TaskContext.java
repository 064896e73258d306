package dev.stalk.worker;

import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a running task may know about its call, and do besides returning (celery's {@code
 * self.request} and {@code self}). Thread-safe; once the task has ended, or was stopped by force,
 * {@link #send} and {@link #updateState} refuse.
 */
public final class TaskContext {
  private final String queue;
  private final TaskMessage message;
  private final TaskLink link;

  TaskContext(String queue, TaskMessage message, TaskLink link) {
    this.queue = Objects.requireNonNull(queue, "queue");
    this.message = Objects.requireNonNull(message, "message");
    this.link = Objects.requireNonNull(link, "link");
  }

  private TaskHeaders headers() {
    return message.headers();
  }

  /** The queue the message was fetched from. */
  public String queue() {
    return queue;
  }

  /** The message, with every header and property that was understood. */
  public TaskMessage message() {
    return message;
  }

  /** The node name of the worker (celery's {@code request.hostname}). */
  public String worker() {
    return link.worker();
  }

  /** The task's id. */
  public String id() {
    return headers().id();
  }

  /** The name it was called by. */
  public String task() {
    return headers().task();
  }

  /** The name to show to people: the caller's {@code shadow} if there is one. */
  public String displayName() {
    return headers().displayName();
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

  /** The group it belongs to; null if to none. */
  public @Nullable String groupId() {
    return headers().group();
  }

  /** Its place in that group; null if it has none. */
  public @Nullable Integer groupIndex() {
    return headers().groupIndex();
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

  /** The caller's own headers: whatever the protocol does not know. */
  public Map<String, @Nullable Object> customHeaders() {
    return headers().custom();
  }

  /** The stamps of the workflow, by name. */
  public Map<String, @Nullable Object> stamps() {
    return headers().stamps();
  }

  /** The exchange and routing key it was published with. */
  public Route route() {
    return message.properties().route();
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

  /** After this long in its code it is interrupted; null for never. */
  public @Nullable Duration softTimeLimit() {
    return link.softTimeLimit();
  }

  /** After this long in its code it is given up; null for never. */
  public @Nullable Duration timeLimit() {
    return link.timeLimit();
  }

  /** When the first of its time limits is reached; null for never, or before it has begun. */
  public @Nullable Instant deadline() {
    return link.deadline();
  }

  /**
   * For tasks that compute instead of blocking: does nothing as long as there is time.
   *
   * @throws SoftTimeLimitExceeded if the soft time limit is over
   */
  public void checkTimeLimit() {
    if (link.isSoftTimeLimitExceeded()) {
      throw new SoftTimeLimitExceeded(null);
    }
  }

  /** The arguments. */
  public TaskArguments arguments() {
    return new TaskArguments(message.body().args(), message.body().kwargs());
  }

  /**
   * Sends a task from this one, at once: it gets this task as its parent and the same root, unless
   * its options name others, and stands among the {@code children} of its stored result, unless its
   * option {@code addToParent} is false (celery {@code app/base.py:Celery.send_task}).
   *
   * @return its id
   * @throws BrokerException if the broker did not confirm it
   * @throws EncodingException if an argument has no form in JSON
   * @throws IllegalStateException if this task has ended or was stopped
   */
  public String send(TaskSignature signature) {
    return link.send(message, signature);
  }

  /**
   * Stores a state of the task's own, for callers to see how far it is (celery {@code
   * app/task.py:Task.update_state}). A stored SUCCESS stays.
   *
   * @param state its name, for example {@code PROGRESS}; not one of the final ones
   * @param meta what to show with it; anything Jackson can write
   * @throws IllegalArgumentException if the state is one that only the worker writes
   * @throws BrokerException if the broker did not confirm it
   * @throws EncodingException if {@code meta} has no form in JSON
   * @throws IllegalStateException if this task has ended or was stopped
   */
  public void updateState(String state, @Nullable Object meta) {
    link.updateState(state, meta);
  }
}
