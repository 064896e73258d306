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
 * transport/virtual/base.py:Channel.prepare_message}), the body serialised, perhaps compressed, and
 * in base64. Thread-safe, without state.
 */
public final class MessageCodec {
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
          "compression",
          "redelivered");

  private static final String NEITHER_RAW_NOR_SIGNED =
      "message.content-type is 'application/data': it is a text or bytes alone (serializer raw),"
          + " which no task is, or a signed body, which is not accepted; content.accept-content may"
          + " name auth";

  /**
   * No task is sent whose arguments, headers or callbacks are nested deeper: a Python worker that
   * is to hand such a one to a process of its pool ends with a RecursionError from about 440 levels
   * on (billiard {@code reduction.py:ForkingPickler}), and PyYAML reads no more than 459.
   */
  static final int MOST_SENT_DEPTH = 400;

  private MessageCodec() {}

  /** {@code argsrepr} of these arguments, at most 1,040 characters. */
  public static String argsRepr(List<?> args) {
    return PythonRepr.ofArgs(args);
  }

  /** {@code kwargsrepr} of these arguments, at most 1,040 characters. */
  public static String kwargsRepr(Map<String, ?> kwargs) {
    return PythonRepr.ofKwargs(kwargs);
  }

  /**
   * A time as Celery writes it, in ISO 8601 with or without fraction and offset; without one it is
   * UTC.
   *
   * @throws DateTimeParseException if it is none
   */
  public static OffsetDateTime time(String text) {
    return PythonTime.parseInstant(text);
  }

  /** A time in the one form that every version of Celery reads exactly. */
  public static String text(OffsetDateTime time) {
    return PythonTime.stamp(time);
  }

  /** A time as Celery's headers and events have it; null for none. */
  public static @Nullable String time(@Nullable OffsetDateTime time) {
    return stamp(time);
  }

  /** Any value as Celery's logs show it, at most 1,040 characters. */
  public static String repr(@Nullable Object value) {
    return PythonRepr.of(value);
  }

  /** As {@link #encode(TaskMessage, String, ContentConfig)}, with the default settings. */
  public static byte[] encode(TaskMessage message, String deliveryTag) {
    return encode(message, deliveryTag, ContentConfig.DEFAULT);
  }

  /**
   * Writes the envelope that is pushed to a queue's list.
   *
   * @param message the task; its properties may name a serializer and a compression of its own
   * @param deliveryTag a tag of its own for every copy; kombu wants one and uses uuids
   * @param content how bodies are written, and how large they may be
   * @throws EncodingException if an argument or header has no form in its content type, the body is
   *     too large, there is no such serializer or compression, or its library is missing; nothing
   *     was sent then
   */
  public static byte[] encode(TaskMessage message, String deliveryTag, ContentConfig content) {
    Serializer serializer = content.serializer(message.properties().serializer());
    Compression compression = content.compression(message.properties().compression());
    PythonJson json = new PythonJson(1024, content.jsonTypes(), sentDepth(content));
    json.begin('{');
    json.name("body");
    body(json, message.body(), serializer, compression, content);
    field(json, "content-encoding", serializer.contentEncoding());
    field(json, "content-type", serializer.contentType());
    json.separator();
    json.name("headers");
    headers(json, message.headers(), compression);
    json.separator();
    json.name("properties");
    properties(json, message.properties(), deliveryTag);
    json.end('}');
    return json.toBytes();
  }

  private static void body(
      PythonJson json,
      TaskBody body,
      Serializer serializer,
      @Nullable Compression compression,
      ContentConfig content) {
    if (serializer == Serializer.JSON && compression == null) {
      PythonJson text = jsonBody(body, content);
      checkSize(text.size(), content);
      json.base64(text); // the usual way: without a copy in between
      return;
    }
    byte[] bytes =
        serializer == Serializer.JSON
            ? jsonBody(body, content).toBytes()
            : serializer.encode(
                List.of(body.args(), body.kwargs(), body.embed()),
                content.toBuilder().maxDepth(sentDepth(content)).build());
    if (compression != null) {
      checkDecompressedSize(bytes.length, content);
      bytes = compression.compress(bytes);
    }
    checkSize(bytes.length, content);
    json.base64(bytes);
  }

  private static int sentDepth(ContentConfig content) {
    return Math.min(content.maxDepth(), MOST_SENT_DEPTH);
  }

  private static PythonJson jsonBody(TaskBody body, ContentConfig content) {
    PythonJson json = new PythonJson(256, content.jsonTypes(), sentDepth(content));
    json.begin('[');
    part("args", () -> json.array(body.args()));
    json.separator();
    part("kwargs", () -> json.map(body.kwargs()));
    json.separator();
    part("link or link_error", () -> json.map(body.embed()));
    json.end(']');
    return json;
  }

  /** Writes a part of a task; what cannot be written is said with its place. */
  private static void part(String name, Runnable writing) {
    try {
      writing.run();
    } catch (EncodingException e) {
      throw new EncodingException(name + ": " + e.getMessage(), e);
    }
  }

  private static void checkSize(int size, ContentConfig content) {
    if (size > content.maxBodySize()) {
      throw new EncodingException(
          "the body of the task is %d bytes long, and content.max-body-size is %d; store the data elsewhere and send where it is"
              .formatted(size, content.maxBodySize()));
    }
  }

  private static void checkDecompressedSize(int size, ContentConfig content) {
    if (size > content.maxDecompressedSize()) {
      throw new EncodingException(
          "the body of the task is %d bytes long before it is compressed, and content.max-decompressed-size is %d"
              .formatted(size, content.maxDecompressedSize()));
    }
  }

  private static void headers(
      PythonJson json, TaskHeaders headers, @Nullable Compression compression) {
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
    part("stamps", () -> field(json, "stamps", headers.stamps()));
    headers
        .custom()
        .forEach((name, value) -> part("header " + name, () -> field(json, name, value)));
    if (compression != null) {
      field(json, "compression", compression.contentType());
    }
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

  /** As {@link #decode(byte[], ContentConfig)}, with the default settings. */
  public static TaskMessage decode(byte[] raw) {
    return decode(raw, ContentConfig.DEFAULT);
  }

  /**
   * Reads what was popped from a queue's list: a message of protocol 2, of protocol 1, or a hybrid
   * of both. The message's own serializer and compression are not kept: what is sent because of it
   * is sent as usual, as Celery does.
   *
   * @param content which content types are read, and how large a body may be
   * @throws MalformedMessageException if it is no task message this side can run, or may not be
   *     read; it carries the task's id where one could be read
   */
  public static TaskMessage decode(byte[] raw, ContentConfig content) {
    TaskMessage usual = UsualEnvelope.read(raw, content);
    return usual == null ? decodeAsTree(raw, content) : usual;
  }

  /** Reads a message of any shape. */
  static TaskMessage decodeAsTree(byte[] raw, ContentConfig content) {
    Fields envelope = envelope(raw);
    Fields headers = envelope.object("headers");
    String id = headers.values().get("id") instanceof String text && !text.isEmpty() ? text : null;
    try {
      MessageProperties properties = properties(envelope.object("properties"));
      Object body = bodyValue(envelope, headers, content);
      if (body instanceof Map<?, ?> object) {
        id = id == null ? ProtocolOne.id(object) : id;
        ProtocolOne old = new ProtocolOne(headers, object);
        return new TaskMessage(headers(old.headers()), old.body(), properties);
      }
      return new TaskMessage(headers(headers), body(body), properties);
    } catch (MalformedMessageException e) {
      throw new MalformedMessageException(String.valueOf(e.getMessage()), id, e);
    }
  }

  /**
   * What a message of protocol 2 says of itself, its arguments aside: they are left unread, and
   * empty here, so that it does not matter which content types this side reads.
   *
   * @throws MalformedMessageException if its headers or properties are not those of a task
   */
  public static TaskMessage withoutBody(byte[] raw) {
    Fields envelope = envelope(raw);
    return new TaskMessage(
        headers(envelope.object("headers")),
        new TaskBody(List.of(), Map.of(), Map.of()),
        properties(envelope.object("properties")));
  }

  private static Fields envelope(byte[] raw) {
    try {
      return Fields.of("message", Values.read(raw));
    } catch (MalformedMessageException e) {
      throw new MalformedMessageException("message: " + e.getMessage(), e);
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
      throw new MalformedMessageException("headers.task is missing");
    }
    List<@Nullable Object> limits = headers.list("timelimit");
    Map<String, @Nullable Object> custom = new LinkedHashMap<>(headers.values());
    custom.keySet().removeAll(PROTOCOL_HEADERS);
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

  private static @Nullable Object bodyValue(
      Fields envelope, Fields headers, ContentConfig content) {
    Serializer serializer = Serializer.ofContentType(envelope.text("content-type"));
    if (!content.acceptContent().contains(serializer.officialName())) {
      throw new MalformedMessageException(
          serializer == Serializer.AUTH
              ? NEITHER_RAW_NOR_SIGNED
              : "message.content-type is %s, which is not accepted; content.accept-content may name %s"
                  .formatted(Fields.kind(serializer.contentType()), serializer.officialName()));
    }
    return read(serializer, content(envelope, headers, content), content);
  }

  private static TaskBody body(@Nullable Object body) {
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

  private static @Nullable Object read(Serializer serializer, byte[] bytes, ContentConfig content) {
    try {
      return serializer.decode(bytes, content);
    } catch (MalformedMessageException e) {
      throw new MalformedMessageException("message.body: " + e.getMessage(), e);
    }
  }

  private static byte[] content(Fields envelope, Fields headers, ContentConfig content) {
    byte[] bytes = content(envelope, content.maxBodySize());
    String compression = headers.text("compression", "");
    return compression.isEmpty()
        ? bytes
        : Compression.ofHeader(compression).decompress(bytes, content.maxDecompressedSize());
  }

  private static byte[] content(Fields envelope, int limit) {
    String body = envelope.requiredText("body");
    String encoding = envelope.object("properties").text("body_encoding");
    if (encoding == null || encoding.equals("utf-8")) {
      byte[] text = body.getBytes(StandardCharsets.UTF_8);
      checkLength(text.length, limit);
      return text;
    }
    if (!encoding.equals("base64")) {
      throw new MalformedMessageException(
          "message.properties.body_encoding is '" + encoding + "', not base64");
    }
    checkLength((body.length() / 4 - 1) * 3L, limit); // of padding there may be less than three
    try {
      return Base64.getDecoder().decode(body);
    } catch (IllegalArgumentException e) {
      throw new MalformedMessageException("message.body is not base64: " + e.getMessage(), e);
    }
  }

  private static void checkLength(long length, int limit) {
    if (length > limit) {
      throw new MalformedMessageException(
          "message.body has %d bytes, and content.max-body-size is %d".formatted(length, limit));
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
