package dev.stalk.broker.codec;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.security.MessageSecurity;
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

  /** As {@link #encode(TaskResult, String, Map, ContentConfig)}, with the default settings. */
  public static byte[] encode(TaskResult result, @Nullable String group) {
    return encode(result, group, Map.of(), ContentConfig.DEFAULT);
  }

  /**
   * Writes a meta in Celery's key order. A failure that is too large loses the end of its traceback
   * and then its arguments: who waits for it has to learn of it.
   *
   * @param result what to store; its {@code value} for states that hold none of an exception, its
   *     {@code failure} for the others
   * @param group the group the task belongs to, written only if there is one
   * @param extended further fields behind the parent's id, as Celery writes them with {@code
   *     result_extended}: name, args, kwargs, worker, retries, queue, stamps
   * @param content in which form, and how large at most
   * @throws ResultTooLargeException if it is larger
   * @throws EncodingException if a value has no form in the result serializer
   */
  public static byte[] encode(
      TaskResult result,
      @Nullable String group,
      Map<String, @Nullable Object> extended,
      ContentConfig content) {
    byte[] meta = write(result, group, extended, content);
    RemoteException failure = result.failure();
    if (meta.length > content.maxResultSize() && failure != null) {
      int most = content.maxResultSize() / 32; // an escape takes six bytes, and there is more
      meta = write(shortened(result, failure, most), group, Map.of(), content);
      if (meta.length > content.maxResultSize()) {
        String arguments = shortened(PythonRepr.of(failure.arguments()), most);
        RemoteException shorter =
            new RemoteException(failure.type(), failure.module(), List.of(arguments));
        meta = write(shortened(result, shorter, most), group, Map.of(), content);
      }
    }
    if (meta.length > content.maxResultSize()) {
      throw new ResultTooLargeException(meta.length, content.maxResultSize());
    }
    return meta;
  }

  private static TaskResult shortened(TaskResult result, RemoteException failure, int most) {
    String traceback = result.traceback();
    return new TaskResult(
        result.taskId(),
        result.state(),
        null,
        failure,
        traceback == null ? null : shortened(traceback, most),
        result.dateDone(),
        result.parentId(),
        null);
  }

  private static String shortened(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most) + "... (too long to be stored)";
  }

  private static byte[] write(
      TaskResult result,
      @Nullable String group,
      Map<String, @Nullable Object> extended,
      ContentConfig content) {
    if (content.resultSerializer().equals(ContentConfig.DEFAULT_SERIALIZER)) {
      return writeJson(result, group, extended, content);
    }
    Serializer serializer = content.serializer(content.resultSerializer());
    Map<String, @Nullable Object> meta = new LinkedHashMap<>();
    meta.put("status", result.state().name());
    meta.put("result", value(result, content));
    meta.put("traceback", result.traceback());
    meta.put("children", result.children());
    meta.put("date_done", result.dateDone());
    if (group != null) {
      meta.put("group_id", group);
    }
    if (result.parentId() != null) {
      meta.put("parent_id", result.parentId());
    }
    meta.putAll(extended);
    meta.put("task_id", result.taskId());
    return serializer.encode(meta, content);
  }

  private static byte[] writeJson(
      TaskResult result,
      @Nullable String group,
      Map<String, @Nullable Object> extended,
      ContentConfig content) {
    PythonJson json = new PythonJson(256, content.jsonTypes(), content.maxDepth());
    json.begin('{');
    json.name("status");
    json.string(result.state().name());
    field(json, "result", value(result, content));
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

  private static @Nullable Object value(TaskResult result, ContentConfig content) {
    RemoteException failure = result.failure();
    return failure == null ? result.value() : exception(failure, content);
  }

  /** {@code date_done} as every Celery version reads it. */
  public static String dateDone(Instant now) {
    return PythonTime.stamp(now.atOffset(ZoneOffset.UTC));
  }

  /** An argument that has no form there is replaced by its text, as Celery does. */
  private static Map<String, @Nullable Object> exception(
      RemoteException failure, ContentConfig content) {
    List<@Nullable Object> arguments = new ArrayList<>();
    for (Object argument : failure.arguments()) {
      arguments.add(encodable(argument, content) ? argument : String.valueOf(argument));
    }
    Map<String, @Nullable Object> parts = new LinkedHashMap<>();
    parts.put("exc_type", failure.type());
    parts.put("exc_message", arguments);
    parts.put("exc_module", failure.module());
    return parts;
  }

  /** What values are written in, whether it is signed then or not. */
  private static Serializer unsigned(ContentConfig content) {
    Serializer serializer = content.serializer(content.resultSerializer());
    MessageSecurity security = content.security();
    return serializer == Serializer.AUTH && security != null
        ? Serializer.named(security.serializer())
        : serializer;
  }

  private static boolean encodable(@Nullable Object argument, ContentConfig content) {
    try {
      var unused = unsigned(content).encode(argument, content);
      return true;
    } catch (EncodingException e) {
      return false;
    }
  }

  /** As {@link #decode(String, byte[], ContentConfig)}, with the default settings. */
  public static TaskResult decode(String taskId, byte[] meta) {
    return decode(taskId, meta, ContentConfig.DEFAULT);
  }

  /**
   * Reads a meta written by any Celery version since 4. It carries no content type, so Celery wants
   * the same {@code result_serializer} everywhere; here the first bytes tell, and {@code
   * resultAcceptContent} decides whether it is read.
   *
   * @param taskId the id it was stored under
   * @param meta the stored bytes
   * @throws MalformedMessageException if they are no meta, or of a content type that is not
   *     accepted
   */
  public static TaskResult decode(String taskId, byte[] meta, ContentConfig content) {
    Serializer serializer = serializer(meta, content);
    if (!content.resultAcceptContent().contains(serializer.officialName())) {
      throw new MalformedMessageException(
          "the result looks like %s, which is not accepted; content.result-accept-content may name it"
              .formatted(serializer.officialName()));
    }
    Fields fields = Fields.of("result", read(serializer, meta, content));
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

  /**
   * Whether a stored meta says that the task succeeded, so that nothing may replace it (celery
   * {@code backends/base.py:KeyValueStoreBackend._store_result}). Whether it is accepted, and by
   * whom it was signed, does not matter for that. False for what cannot be read.
   */
  public static boolean isSuccess(byte[] meta, ContentConfig content) {
    try {
      Serializer serializer = serializer(meta, content);
      Object value =
          serializer == Serializer.AUTH
              ? SignedBody.unverified(meta, content)
              : read(serializer, meta, content);
      return TaskState.SUCCESS.name().equals(Fields.of("result", value).values().get("status"));
    } catch (MalformedMessageException unreadable) {
      return false; // as in the script: it is overwritten
    }
  }

  /** What begins as JSON may be YAML in its flow style, as {@link YamlWriter} has it. */
  private static @Nullable Object read(Serializer serializer, byte[] meta, ContentConfig content) {
    try {
      return serializer.decode(meta, content);
    } catch (MalformedMessageException e) {
      if (serializer == Serializer.JSON
          && content.resultAcceptContent().contains(Serializer.YAML.officialName())) {
        return Serializer.YAML.decode(meta, content);
      }
      throw e;
    }
  }

  /** A meta is a map of a few fields, which begins as no other content type's does. */
  private static Serializer serializer(byte[] meta, ContentConfig content) {
    int first = meta.length == 0 ? '{' : meta[0] & 0xff;
    if (first == 0x80) {
      throw new MalformedMessageException(Serializer.PICKLE_REFUSED);
    }
    if ((first > 0x80 && first < 0x90) || first == 0xde || first == 0xdf) {
      return Serializer.MSGPACK;
    }
    if (isBase64(meta)) {
      return Serializer.AUTH;
    }
    boolean yaml = first >= 'a' && first <= 'z';
    return yaml || content.resultSerializer().equals(Serializer.YAML.officialName())
        ? Serializer.YAML
        : Serializer.JSON;
  }

  /** As nothing else is: JSON begins with a brace, and YAML has a colon behind each name. */
  private static boolean isBase64(byte[] meta) {
    for (byte b : meta) {
      boolean letterOrDigit =
          (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9');
      if (!letterOrDigit && b != '+' && b != '/' && b != '=') {
        return false;
      }
    }
    return meta.length > 0;
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
