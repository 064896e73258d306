package dev.stalk.broker.codec;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task's stored meta to bytes and back (celery {@code
 * backends/base.py:BaseKeyValueStoreBackend._get_result_meta}). Thread-safe, without state.
 */
public final class ResultCodec {
  private static final String UNPICKLEABLE = "UnpickleableExceptionWrapper";

  private ResultCodec() {}

  /**
   * Writes a meta in Celery's key order.
   *
   * @param result what to store; its {@code value} for states that hold none of an exception, its
   *     {@code failure} for the others
   * @param group the group the task belongs to, written only if there is one
   * @throws EncodingException if the value has no form in JSON
   */
  public static byte[] encode(TaskResult result, @Nullable String group) {
    return encode(result, group, Map.of());
  }

  /**
   * As {@link #encode(TaskResult, String)}, with further fields behind the parent's id, as Celery
   * writes them with {@code result_extended}: name, args, kwargs, worker, retries, queue, stamps.
   *
   * @throws EncodingException if a value has no form in JSON
   */
  public static byte[] encode(
      TaskResult result, @Nullable String group, Map<String, @Nullable Object> extended) {
    PythonJson json = new PythonJson(256);
    json.begin('{');
    json.name("status");
    json.string(result.state().name());
    field(json, "result", result.failure() == null ? result.value() : exception(result.failure()));
    field(json, "traceback", result.traceback());
    field(json, "children", result.children());
    field(json, "date_done", result.dateDone());
    if (group != null) {
      field(json, "group_id", group);
    }
    if (result.parentId() != null) {
      field(json, "parent_id", result.parentId());
    }
    extended.forEach((name, value) -> field(json, name, value));
    field(json, "task_id", result.taskId());
    json.end('}');
    return json.toBytes();
  }

  private static void field(PythonJson json, String name, @Nullable Object value) {
    json.separator();
    json.name(name);
    json.value(value);
  }

  /** {@code date_done} as every Celery version reads it. */
  public static String dateDone(Instant now) {
    return PythonTime.stamp(now.atOffset(ZoneOffset.UTC));
  }

  /** An argument that has no form in JSON is replaced by its text, as Celery does. */
  private static Map<String, @Nullable Object> exception(RemoteException failure) {
    List<@Nullable Object> arguments = new ArrayList<>();
    for (Object argument : failure.arguments()) {
      arguments.add(encodable(argument) ? argument : String.valueOf(argument));
    }
    Map<String, @Nullable Object> parts = new LinkedHashMap<>();
    parts.put("exc_type", failure.type());
    parts.put("exc_message", arguments);
    parts.put("exc_module", failure.module());
    return parts;
  }

  private static boolean encodable(@Nullable Object argument) {
    try {
      PythonJson.encode(argument);
      return true;
    } catch (EncodingException e) {
      return false;
    }
  }

  /**
   * Reads a meta written by any Celery version since 4.
   *
   * @param taskId the id it was stored under
   * @param meta the stored bytes
   * @throws MalformedMessageException if they are no meta
   */
  public static TaskResult decode(String taskId, byte[] meta) {
    Fields fields = Fields.of("result", Values.read(meta));
    TaskState state = new TaskState(fields.requiredText("status"));
    Object value = fields.values().get("result");
    return new TaskResult(
        taskId,
        state,
        value,
        state.holdsException() ? failure(value) : null,
        fields.values().get("traceback") instanceof String text ? text : null,
        fields.values().get("date_done") instanceof String text ? text : null,
        fields.values().get("parent_id") instanceof String text ? text : null,
        fields.values().get("children") instanceof List<?> list ? new ArrayList<>(list) : null);
  }

  /** Null where nothing is stored: a retry need not have an exception. */
  private static @Nullable RemoteException failure(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    if (!(value instanceof Map<?, ?> parts)) {
      return new RemoteException("", null, List.of(value));
    }
    List<@Nullable Object> arguments = arguments(parts.get("exc_message"));
    String type = parts.get("exc_type") instanceof String text ? text : "";
    String module = parts.get("exc_module") instanceof String text ? text : null;
    if (type.equals(UNPICKLEABLE) && arguments.size() >= 3) {
      return new RemoteException(
          String.valueOf(arguments.get(1)),
          String.valueOf(arguments.get(0)),
          arguments(arguments.get(2)));
    }
    return new RemoteException(type, module, arguments);
  }

  private static List<@Nullable Object> arguments(@Nullable Object message) {
    if (message instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    List<@Nullable Object> single = new ArrayList<>();
    if (message != null) {
      single.add(message);
    }
    return single;
  }
}
