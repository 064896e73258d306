package dev.stalk.broker.codec;

import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A task message to bytes and back: Celery's protocol 2 (celery {@code
 * app/amqp.py:AMQP.as_task_v2}) in kombu's envelope (kombu {@code
 * transport/virtual/base.py:Channel.prepare_message}), the body as JSON in base64. Thread-safe,
 * without state.
 */
public final class MessageCodec {
  static final String CONTENT_TYPE = "application/json";

  private static final Set<String> PROTOCOL_HEADERS =
      Set.of(
          "lang",
          "task",
          "id",
          "shadow",
          "eta",
          "expires",
          "group",
          "group_index",
          "retries",
          "timelimit",
          "root_id",
          "parent_id",
          "argsrepr",
          "kwargsrepr",
          "origin",
          "ignore_result",
          "replaced_task_nesting",
          "stamped_headers",
          "stamps",
          "redelivered");

  private MessageCodec() {}

  /** {@code argsrepr} of these arguments, at most 1,040 characters. */
  public static String argsRepr(List<?> args) {
    return PythonRepr.ofArgs(args);
  }

  /** {@code kwargsrepr} of these arguments, at most 1,040 characters. */
  public static String kwargsRepr(Map<String, ?> kwargs) {
    return PythonRepr.ofKwargs(kwargs);
  }

  /** Any value as Celery's logs show it, at most 1,040 characters. */
  public static String repr(@Nullable Object value) {
    return PythonRepr.of(value);
  }

  /**
   * Writes the envelope that is pushed to a queue's list.
   *
   * @param message the task
   * @param deliveryTag a tag of its own for every copy; kombu wants one and uses uuids
   * @throws EncodingException if an argument or header has no form in JSON; nothing was sent then
   */
  public static byte[] encode(TaskMessage message, String deliveryTag) {
    PythonJson body = new PythonJson(256);
    body.begin('[');
    body.array(message.body().args());
    body.separator();
    body.map(message.body().kwargs());
    body.separator();
    body.map(message.body().embed());
    body.end(']');

    PythonJson json = new PythonJson(1024);
    json.begin('{');
    json.name("body");
    json.base64(body);
    field(json, "content-encoding", "utf-8");
    field(json, "content-type", CONTENT_TYPE);
    json.separator();
    json.name("headers");
    headers(json, message.headers());
    json.separator();
    json.name("properties");
    properties(json, message.properties(), deliveryTag);
    json.end('}');
    return json.toBytes();
  }

  private static void headers(PythonJson json, TaskHeaders headers) {
    json.begin('{');
    json.name("lang");
    json.string(headers.lang());
    field(json, "task", headers.task());
    field(json, "id", headers.id());
    field(json, "shadow", headers.shadow());
    field(json, "eta", stamp(headers.eta()));
    field(json, "expires", stamp(headers.expires()));
    field(json, "group", headers.group());
    field(json, "group_index", headers.groupIndex());
    field(json, "retries", headers.retries());
    field(
        json,
        "timelimit",
        Arrays.asList(seconds(headers.timeLimit()), seconds(headers.softTimeLimit())));
    field(json, "root_id", headers.rootId());
    field(json, "parent_id", headers.parentId());
    field(json, "argsrepr", headers.argsRepr());
    field(json, "kwargsrepr", headers.kwargsRepr());
    field(json, "origin", headers.origin());
    field(json, "ignore_result", headers.ignoreResult());
    field(json, "replaced_task_nesting", headers.replacedTaskNesting());
    field(json, "stamped_headers", headers.stampedHeaders());
    field(json, "stamps", headers.stamps());
    headers.custom().forEach((name, value) -> field(json, name, value));
    json.end('}');
  }

  private static void properties(
      PythonJson json, MessageProperties properties, String deliveryTag) {
    json.begin('{');
    json.name("correlation_id");
    json.string(properties.correlationId());
    field(json, "reply_to", properties.replyTo());
    field(json, "delivery_mode", 2);
    if (properties.expiration() != null) {
      field(json, "expiration", properties.expiration());
    }
    json.separator();
    json.name("delivery_info");
    json.begin('{');
    json.name("exchange");
    json.string(properties.route().exchange());
    field(json, "routing_key", properties.route().routingKey());
    json.end('}');
    field(json, "priority", properties.priority());
    field(json, "body_encoding", "base64");
    field(json, "delivery_tag", deliveryTag);
    json.end('}');
  }

  private static void field(PythonJson json, String name, @Nullable Object value) {
    json.separator();
    json.name(name);
    json.value(value);
  }

  /** Whole seconds without a fraction, as Python callers give them. */
  private static @Nullable Number seconds(@Nullable Double limit) {
    if (limit != null && limit == Math.rint(limit) && Math.abs(limit) < Integer.MAX_VALUE) {
      return limit.intValue();
    }
    return limit;
  }

  private static @Nullable String stamp(@Nullable OffsetDateTime time) {
    return time == null ? null : PythonTime.stamp(time);
  }

  /**
   * Reads what was popped from a queue's list.
   *
   * @throws MalformedMessageException if it is no task message this side can run; it carries the
   *     task's id where one could be read
   */
  public static TaskMessage decode(byte[] raw) {
    Fields envelope = Fields.of("message", read("message", raw));
    Fields headers = envelope.object("headers");
    String id = headers.values().get("id") instanceof String text && !text.isEmpty() ? text : null;
    try {
      return new TaskMessage(
          headers(headers), body(envelope, headers), properties(envelope.object("properties")));
    } catch (MalformedMessageException e) {
      throw new MalformedMessageException(String.valueOf(e.getMessage()), id, e);
    }
  }

  private static @Nullable Object read(String where, byte[] json) {
    try {
      return Values.read(json);
    } catch (MalformedMessageException e) {
      throw new MalformedMessageException(where + ": " + e.getMessage(), e);
    }
  }

  /** The priority a raw message was published with, 0 where it cannot be read. */
  public static int priority(byte[] raw) {
    try {
      return priority(Fields.of("message", Values.read(raw)).object("properties"));
    } catch (MalformedMessageException e) {
      return 0;
    }
  }

  private static TaskHeaders headers(Fields headers) {
    if (!headers.values().containsKey("task")) {
      throw new MalformedMessageException(
          "headers.task is missing; messages of protocol 1 are not read yet");
    }
    List<@Nullable Object> limits = headers.list("timelimit");
    Map<String, @Nullable Object> custom = new LinkedHashMap<>();
    headers
        .values()
        .forEach(
            (name, value) -> {
              if (!PROTOCOL_HEADERS.contains(name)) {
                custom.put(name, value);
              }
            });
    return new TaskHeaders(
        headers.requiredText("task"),
        headers.requiredText("id"),
        headers.text("shadow"),
        time(headers, "eta"),
        time(headers, "expires"),
        headers.text("group"),
        headers.integer("group_index"),
        orZero(headers.integer("retries")),
        limit(headers, limits, 0),
        limit(headers, limits, 1),
        headers.text("root_id"),
        headers.text("parent_id"),
        headers.text("argsrepr", ""),
        headers.text("kwargsrepr", ""),
        headers.text("origin"),
        headers.flag("ignore_result"),
        orZero(headers.integer("replaced_task_nesting")),
        stampedHeaders(headers),
        headers.object("stamps").values(),
        headers.text("lang", ""),
        custom);
  }

  private static int orZero(@Nullable Integer value) {
    return value == null ? 0 : value;
  }

  private static @Nullable Double limit(
      Fields headers, @Nullable List<@Nullable Object> limits, int index) {
    Object value = limits == null || limits.size() <= index ? null : limits.get(index);
    if (value == null || value instanceof Number) {
      return value == null ? null : ((Number) value).doubleValue();
    }
    throw headers.wrong("timelimit", value, "a number of seconds");
  }

  private static @Nullable OffsetDateTime time(Fields headers, String name) {
    String text = headers.text(name);
    if (text == null) {
      return null;
    }
    try {
      return PythonTime.parseInstant(text);
    } catch (DateTimeParseException e) {
      throw headers.wrong(name, text, "a time in ISO 8601");
    }
  }

  private static @Nullable List<String> stampedHeaders(Fields headers) {
    List<@Nullable Object> names = headers.list("stamped_headers");
    if (names == null) {
      return null;
    }
    List<String> texts = new ArrayList<>();
    names.forEach(name -> texts.add(String.valueOf(name)));
    return texts;
  }

  private static TaskBody body(Fields envelope, Fields headers) {
    if (headers.values().get("compression") != null) {
      throw headers.wrong(
          "compression", headers.values().get("compression"), "absent: it is not read yet");
    }
    String contentType = envelope.text("content-type");
    if (!CONTENT_TYPE.equals(contentType)) {
      throw envelope.wrong("content-type", contentType, CONTENT_TYPE);
    }
    Object body = read("message.body", content(envelope));
    if (!(body instanceof List<?> parts) || parts.size() != 3) {
      throw new MalformedMessageException(
          "message.body is " + Fields.kind(body) + ", not [args, kwargs, embed]");
    }
    if (!(parts.get(0) instanceof List<?> args)) {
      throw new MalformedMessageException(
          "message.body[0] (args) is " + Fields.kind(parts.get(0)) + ", not an array");
    }
    Object embed = parts.get(2);
    return new TaskBody(
        new ArrayList<>(args),
        Fields.of("message.body[1] (kwargs)", parts.get(1)).values(),
        embed == null ? Map.of() : Fields.of("message.body[2] (embed)", embed).values());
  }

  private static byte[] content(Fields envelope) {
    String body = envelope.requiredText("body");
    String encoding = envelope.object("properties").text("body_encoding");
    if (encoding == null || encoding.equals("utf-8")) {
      return body.getBytes(StandardCharsets.UTF_8);
    }
    if (!encoding.equals("base64")) {
      throw new MalformedMessageException(
          "message.properties.body_encoding is '" + encoding + "', not base64");
    }
    try {
      return Base64.getDecoder().decode(body);
    } catch (IllegalArgumentException e) {
      throw new MalformedMessageException("message.body is not base64: " + e.getMessage(), e);
    }
  }

  private static MessageProperties properties(Fields properties) {
    Fields delivery = properties.object("delivery_info");
    return new MessageProperties(
        properties.text("correlation_id", ""),
        properties.text("reply_to", ""),
        priority(properties),
        new Route(delivery.text("exchange", ""), delivery.text("routing_key", "")),
        Boolean.TRUE.equals(delivery.flag("redelivered")),
        properties.text("expiration"));
  }

  /**
   * Anything that is not a number counts as 0 (kombu {@code
   * virtual/base.py:Channel._get_message_priority}).
   */
  private static int priority(Fields properties) {
    Object value = properties.values().get("priority");
    if (value instanceof Number number) {
      return (int) Math.max(0, Math.min(9, number.doubleValue()));
    }
    if (value instanceof String text && text.matches("-?\\d{1,9}")) {
      return Math.max(0, Math.min(9, Integer.parseInt(text)));
    }
    return 0;
  }
}
