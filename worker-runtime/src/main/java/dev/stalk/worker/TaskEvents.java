package dev.stalk.worker;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskHeaders;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What monitors are told of a task, with the fields Celery gives each event (celery {@code
 * worker/strategy.py:default} and {@code worker/request.py:Request}).
 */
final class TaskEvents {
  /** No Python exception's text is shown longer. */
  private static final int MOST_TEXT = 2048;

  private static final int SIGTERM = 15;

  private TaskEvents() {}

  /** It is here and will be run. */
  static Event received(TaskHeaders headers) {
    Map<String, @Nullable Object> fields = fields(headers.id());
    fields.put("name", headers.displayName());
    fields.put("args", headers.argsRepr());
    fields.put("kwargs", headers.kwargsRepr());
    fields.put("root_id", headers.rootId());
    fields.put("parent_id", headers.parentId());
    fields.put("retries", headers.retries());
    fields.put("eta", MessageCodec.time(headers.eta()));
    fields.put("expires", MessageCodec.time(headers.expires()));
    return new Event("task-received", fields);
  }

  /** It begins. */
  static Event started(String id) {
    return new Event("task-started", fields(id));
  }

  /** It returned this. */
  static Event succeeded(String id, @Nullable Object value, Duration runtime) {
    Map<String, @Nullable Object> fields = fields(id);
    fields.put("result", shown(value));
    fields.put("runtime", runtime.toNanos() / 1e9);
    return new Event("task-succeeded", fields);
  }

  /** A value that cannot be shown, a list that others change for example, fails nothing. */
  private static String shown(@Nullable Object value) {
    try {
      return MessageCodec.repr(value);
    } catch (RuntimeException | StackOverflowError e) {
      return "<unrepresentable " + (value == null ? "" : value.getClass().getName()) + ">";
    }
  }

  /**
   * It failed for good.
   *
   * @param traceback null if no code of the task's was stopped by it
   */
  static Event failed(String id, RemoteException failure, @Nullable String traceback) {
    Map<String, @Nullable Object> fields = fields(id);
    String exception = shown(failure);
    fields.put("exception", exception);
    // celery events shows no task that failed without one (celery events/cursesmon.py)
    fields.put(
        "traceback", traceback == null ? failure.module() + "." + exception + "\n" : traceback);
    return new Event("task-failed", fields);
  }

  /** Nobody here can run it (celery {@code worker/consumer/consumer.py:on_unknown_task}). */
  static Event unknown(String id, RemoteException failure) {
    Map<String, @Nullable Object> fields = fields(id);
    fields.put("exception", shown(failure));
    return new Event("task-failed", fields);
  }

  /**
   * It will run again.
   *
   * @param reason null if none was given
   */
  static Event retried(String id, @Nullable RemoteException reason, String traceback) {
    Map<String, @Nullable Object> fields = fields(id);
    fields.put("exception", reason == null ? "None" : shown(reason));
    fields.put("traceback", traceback);
    return new Event("task-retried", fields);
  }

  /**
   * It is not run, or was stopped by force.
   *
   * @param reason {@code expired}, {@code revoked} or {@code terminated}
   */
  static Event revoked(String id, String reason) {
    boolean terminated = reason.equals("terminated");
    Map<String, @Nullable Object> fields = fields(id);
    fields.put("terminated", terminated);
    fields.put("signum", terminated ? SIGTERM : null);
    fields.put("expired", reason.equals("expired"));
    return new Event("task-revoked", fields);
  }

  /** It did not want its message. */
  static Event rejected(String id, boolean requeue) {
    Map<String, @Nullable Object> fields = fields(id);
    fields.put("requeue", requeue);
    return new Event("task-rejected", fields);
  }

  /** It was interrupted because its worker stops, and its message went back to its queue. */
  static Event cancelled(String id) {
    return new Event("task-cancelled", fields(id));
  }

  private static Map<String, @Nullable Object> fields(String id) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("uuid", id);
    return fields;
  }

  /** As Python's {@code repr} shows an exception. */
  private static String shown(RemoteException failure) {
    String arguments =
        failure.arguments().stream().map(TaskEvents::shown).collect(Collectors.joining(", "));
    String text = failure.type() + "(" + arguments + ")";
    return text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT) + "...";
  }
}
