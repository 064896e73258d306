package dev.stalk.broker.codec;

import dev.stalk.broker.codec.UsualJson.Unusual;
import dev.stalk.broker.message.MessageProperties;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskBody;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a message whose envelope has the shape in which kombu and this library write it, of
 * protocol 2, with a JSON body that is not compressed: straight from the bytes to the fields.
 * Anything else, and anything wrong, it leaves to {@link MessageCodec}, which reads the whole as a
 * tree; where this reads a message, that reads the same. One message, one thread.
 */
@SuppressWarnings("EnumOrdinal") // the order of these enums is what they are for
final class UsualEnvelope {
  private static final byte[] BODY = PythonJson.ascii("{\"body\": \"");
  private static final byte[] ENCODING = PythonJson.ascii(", \"content-encoding\": ");
  private static final byte[] TYPE =
      PythonJson.ascii(", \"content-type\": \"application/json\", \"headers\": ");
  private static final byte[] PROPERTIES = PythonJson.ascii(", \"properties\": ");
  private static final byte[] NO_LIMITS = PythonJson.ascii("[null, null]");
  private static final byte[] NOTHING_FOLLOWS =
      PythonJson.ascii(
          "{\"callbacks\": null, \"errbacks\": null, \"chain\": null, \"chord\": null}");
  private static final byte[] COMMA = PythonJson.ascii(", ");

  /** Deeper values are read as a tree. */
  private static final int DEPTH = 32;

  /** In the order in which Celery writes them. */
  private enum Header {
    LANG,
    TASK,
    ID,
    SHADOW,
    ETA,
    EXPIRES,
    GROUP,
    GROUP_INDEX,
    RETRIES,
    TIMELIMIT,
    ROOT_ID,
    PARENT_ID,
    ARGSREPR,
    KWARGSREPR,
    ORIGIN,
    IGNORE_RESULT,
    REPLACED_TASK_NESTING,
    STAMPED_HEADERS,
    STAMPS,
    COMPRESSION,
    REDELIVERED
  }

  /** In the order in which kombu writes them. */
  private enum Property {
    CORRELATION_ID,
    REPLY_TO,
    DELIVERY_MODE,
    EXPIRATION,
    DELIVERY_INFO,
    PRIORITY,
    BODY_ENCODING,
    DELIVERY_TAG
  }

  /** In the order in which kombu writes them. */
  private enum Info {
    EXCHANGE,
    ROUTING_KEY,
    REDELIVERED
  }

  private static final Names<Header> HEADERS = new Names<>(Header.values());
  private static final Names<Property> OF_PROPERTIES = new Names<>(Property.values());
  private static final Names<Info> OF_DELIVERY_INFO = new Names<>(Info.values());

  /** The names of fields, and their bytes with what stands around them. */
  private static final class Names<E extends Enum<E>> {
    private final List<E> fields;
    private final byte[][] bytes;
    private final Map<String, E> byName = new HashMap<>();

    Names(E[] inOrder) {
      this.fields = List.of(inOrder);
      this.bytes = new byte[inOrder.length][];
      for (E field : fields) {
        String name = field.name().toLowerCase(java.util.Locale.ROOT);
        bytes[field.ordinal()] = PythonJson.ascii("\"" + name + "\": ");
        byName.put(name, field);
      }
    }

    /** The next of them, if it comes next in the text; then the text is behind it. */
    @Nullable E expected(int ordinal, UsualJson json) {
      return ordinal < bytes.length && json.skip(bytes[ordinal]) ? fields.get(ordinal) : null;
    }

    @Nullable E named(String name) {
      return byName.get(name);
    }
  }

  private final byte[] raw;
  private final ContentConfig content;
  private final UsualJson json;

  private String lang = "";
  private @Nullable String task;
  private @Nullable String id;
  private @Nullable String shadow;
  private @Nullable OffsetDateTime eta;
  private @Nullable OffsetDateTime expires;
  private @Nullable String group;
  private @Nullable Integer groupIndex;
  private int retries;
  private @Nullable Double timeLimit;
  private @Nullable Double softTimeLimit;
  private @Nullable String rootId;
  private @Nullable String parentId;
  private String argsRepr = "";
  private String kwargsRepr = "";
  private @Nullable String origin;
  private @Nullable Boolean ignoreResult;
  private int replacedTaskNesting;
  private Map<String, @Nullable Object> stamps = Collections.emptyMap();
  private Map<String, @Nullable Object> custom = Collections.emptyMap();

  private String correlationId = "";
  private String replyTo = "";
  private int priority;
  private String exchange = "";
  private String routingKey = "";
  private boolean redelivered;
  private @Nullable String expiration;
  private boolean base64;

  private UsualEnvelope(byte[] raw, ContentConfig content) {
    this.raw = raw;
    this.content = content;
    this.json = new UsualJson(raw, 0, raw.length);
  }

  /** The message; null if it is to be read as a tree. */
  static @Nullable TaskMessage read(byte[] raw, ContentConfig content) {
    try {
      return new UsualEnvelope(raw, content).read();
    } catch (Unusual | DateTimeException | IllegalArgumentException unusual) {
      return null; // it is read again, and that says what is wrong, if anything is
    }
  }

  private TaskMessage read() {
    if (!content.acceptContent().contains(Serializer.JSON.officialName())) {
      throw UsualJson.unusual();
    }
    json.require(BODY);
    int start = json.at();
    int end = closingQuote(start);
    json.moveTo(end + 1);
    json.require(ENCODING);
    json.skipPlain();
    json.require(TYPE);
    headers();
    json.require(PROPERTIES);
    properties();
    if (json.another('}') || !json.isAtEnd() || !base64) {
      throw UsualJson.unusual();
    }
    return new TaskMessage(taskHeaders(), body(start, end), messageProperties());
  }

  private int closingQuote(int from) {
    for (int i = from; i < raw.length; i++) {
      if (raw[i] == '"') {
        return i;
      }
    }
    throw UsualJson.unusual();
  }

  // ---- headers

  private void headers() {
    json.open('{');
    if (json.isEmpty('}')) {
      throw UsualJson.unusual(); // protocol 1
    }
    int next = 0;
    do {
      Header header = HEADERS.expected(next, json);
      if (header == null) {
        String name = json.name();
        header = HEADERS.named(name);
        if (header == null) {
          custom(name);
          continue;
        }
      }
      header(header);
      next = header.ordinal() + 1;
    } while (json.another('}'));
  }

  private void custom(String name) {
    if (name.equals("__type__")) {
      throw UsualJson.unusual();
    }
    Object value = json.value(DEPTH);
    if (custom.isEmpty()) {
      custom = Collections.singletonMap(name, value);
    } else {
      custom = new LinkedHashMap<>(custom); // rare
      custom.put(name, value);
    }
  }

  private void header(Header header) {
    switch (header) {
      case LANG -> lang = orEmpty(json.textOrNull());
      case TASK -> task = json.string();
      case ID -> id = json.string();
      case SHADOW -> shadow = json.textOrNull();
      case ETA -> eta = time();
      case EXPIRES -> expires = time();
      case GROUP -> group = json.textOrNull();
      case GROUP_INDEX -> groupIndex = json.intOrNull();
      case RETRIES -> retries = orZero(json.intOrNull());
      case TIMELIMIT -> limits();
      case ROOT_ID -> rootId = json.textOrNull(id);
      case PARENT_ID -> parentId = json.textOrNull();
      case ARGSREPR -> argsRepr = orEmpty(json.textOrNull());
      case KWARGSREPR -> kwargsRepr = orEmpty(json.textOrNull());
      case ORIGIN -> origin = json.textOrNull();
      case IGNORE_RESULT -> ignoreResult = json.flagOrNull();
      case REPLACED_TASK_NESTING -> replacedTaskNesting = orZero(json.intOrNull());
      case STAMPED_HEADERS -> requireNull();
      case STAMPS -> stamps = json.object(DEPTH);
      case COMPRESSION -> requireNull();
      case REDELIVERED -> json.value(DEPTH);
    }
  }

  private void requireNull() {
    if (json.textOrNull() != null) {
      throw UsualJson.unusual();
    }
  }

  private @Nullable OffsetDateTime time() {
    String text = json.textOrNull();
    return text == null ? null : PythonTime.parseInstant(text);
  }

  private void limits() {
    if (json.skip(NO_LIMITS)) {
      timeLimit = null;
      softTimeLimit = null;
      return;
    }
    List<@Nullable Object> limits = json.array(1);
    timeLimit = limit(limits, 0);
    softTimeLimit = limit(limits, 1);
  }

  private static @Nullable Double limit(List<@Nullable Object> limits, int index) {
    Object value = limits.size() <= index ? null : limits.get(index);
    if (value == null || value instanceof Number) {
      return value == null ? null : ((Number) value).doubleValue();
    }
    throw UsualJson.unusual();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static int orZero(@Nullable Integer value) {
    return value == null ? 0 : value;
  }

  private TaskHeaders taskHeaders() {
    if (task == null || task.isEmpty() || id == null || id.isEmpty()) {
      throw UsualJson.unusual();
    }
    return new TaskHeaders(
        task,
        id,
        shadow,
        eta,
        expires,
        group,
        groupIndex,
        retries,
        timeLimit,
        softTimeLimit,
        rootId,
        parentId,
        argsRepr,
        kwargsRepr,
        origin,
        ignoreResult,
        replacedTaskNesting,
        null,
        stamps,
        lang,
        custom);
  }

  // ---- properties

  private void properties() {
    json.open('{');
    if (json.isEmpty('}')) {
      throw UsualJson.unusual();
    }
    int next = 0;
    do {
      Property property = OF_PROPERTIES.expected(next, json);
      if (property == null) {
        String name = json.name();
        property = OF_PROPERTIES.named(name);
        if (property == null) {
          skipValue(name);
          continue;
        }
      }
      property(property);
      next = property.ordinal() + 1;
    } while (json.another('}'));
  }

  private void skipValue(String name) {
    if (name.equals("__type__")) {
      throw UsualJson.unusual();
    }
    var unused = json.value(DEPTH);
  }

  private void property(Property property) {
    switch (property) {
      case CORRELATION_ID -> correlationId = orEmpty(json.textOrNull(id));
      case REPLY_TO -> replyTo = orEmpty(json.textOrNull());
      case DELIVERY_MODE -> json.value(DEPTH);
      case EXPIRATION -> expiration = json.textOrNull();
      case DELIVERY_INFO -> deliveryInfo();
      case PRIORITY -> priority = Math.max(0, Math.min(9, orZero(json.intOrNull())));
      case BODY_ENCODING -> base64 = json.string().equals("base64");
      case DELIVERY_TAG -> json.skipPlain();
    }
  }

  private void deliveryInfo() {
    exchange = "";
    routingKey = "";
    redelivered = false;
    json.open('{');
    if (json.isEmpty('}')) {
      return;
    }
    int next = 0;
    do {
      Info info = OF_DELIVERY_INFO.expected(next, json);
      if (info == null) {
        String name = json.name();
        info = OF_DELIVERY_INFO.named(name);
        if (info == null) {
          skipValue(name);
          continue;
        }
      }
      switch (info) {
        case EXCHANGE -> exchange = orEmpty(json.textOrNull());
        case ROUTING_KEY -> routingKey = orEmpty(json.textOrNull());
        case REDELIVERED -> redelivered = Boolean.TRUE.equals(json.flagOrNull());
      }
      next = info.ordinal() + 1;
    } while (json.another('}'));
  }

  private MessageProperties messageProperties() {
    return new MessageProperties(
        correlationId, replyTo, priority, new Route(exchange, routingKey), redelivered, expiration);
  }

  // ---- body

  private TaskBody body(int start, int end) {
    int length = end - start;
    if ((length / 4 - 1) * 3L > content.maxBodySize()) {
      throw UsualJson.unusual();
    }
    ByteBuffer decoded = Base64.getDecoder().decode(ByteBuffer.wrap(raw, start, length));
    UsualJson body = new UsualJson(decoded.array(), decoded.arrayOffset(), decoded.limit());
    int deeper = Math.min(content.maxDepth() - 1, DEPTH);
    body.open('[');
    List<@Nullable Object> args = body.array(deeper - 1);
    body.require(COMMA);
    Map<String, @Nullable Object> kwargs = body.object(deeper - 1);
    body.require(COMMA);
    Map<String, @Nullable Object> embed =
        body.skip(NOTHING_FOLLOWS) ? TaskBody.NOTHING_FOLLOWS : body.object(deeper - 1);
    if (body.another(']') || !body.isAtEnd()) {
      throw UsualJson.unusual();
    }
    return new TaskBody(args, kwargs, embed);
  }
}
