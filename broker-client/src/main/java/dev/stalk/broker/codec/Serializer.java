package dev.stalk.broker.codec;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a value becomes bytes, under kombu's names and content types (kombu {@code
 * serialization.py}). Pickle is not among them and never will be: reading it runs the sender's
 * code.
 */
enum Serializer {
  JSON("json", "application/json", "utf-8") {
    @Override
    byte[] encode(@Nullable Object value, ContentConfig content) {
      return PythonJson.encode(value, content);
    }

    @Override
    @Nullable Object decode(byte[] bytes, ContentConfig content) {
      return Values.read(bytes, content.maxDepth());
    }
  },

  YAML("yaml", "application/x-yaml", "utf-8") {
    @Override
    byte[] encode(@Nullable Object value, ContentConfig content) {
      return YamlWriter.encode(value, content);
    }

    @Override
    @Nullable Object decode(byte[] bytes, ContentConfig content) {
      try {
        return YamlReader.read(bytes, content);
      } catch (LinkageError e) {
        throw new MalformedMessageException(
            "reading yaml needs org.snakeyaml:snakeyaml-engine on the class path", e);
      }
    }
  },

  MSGPACK("msgpack", "application/x-msgpack", "binary") {
    @Override
    byte[] encode(@Nullable Object value, ContentConfig content) {
      return MsgpackWriter.encode(value, content);
    }

    @Override
    @Nullable Object decode(byte[] bytes, ContentConfig content) {
      return MsgpackReader.read(bytes, content);
    }
  },

  /** One of the others, signed: what Celery's {@code setup_security} registers. */
  AUTH("auth", "application/data", "utf-8") {
    @Override
    byte[] encode(@Nullable Object value, ContentConfig content) {
      return SignedBody.encode(value, content);
    }

    @Override
    @Nullable Object decode(byte[] bytes, ContentConfig content) {
      return SignedBody.decode(bytes, content);
    }
  };

  static final String PICKLE_REFUSED =
      "pickle is refused: to read it is to run the code of whoever sent it. Set task_serializer and"
          + " result_serializer to json on the Python side";

  private static final String PICKLE_TYPE = "application/x-python-serialize";
  private static final String NAMES =
      Arrays.stream(values()).map(Serializer::officialName).collect(Collectors.joining(", "));

  private final String officialName;
  private final String contentType;
  private final String contentEncoding;

  Serializer(String officialName, String contentType, String contentEncoding) {
    this.officialName = officialName;
    this.contentType = contentType;
    this.contentEncoding = contentEncoding;
  }

  /** Kombu's name for it. */
  String officialName() {
    return officialName;
  }

  String contentType() {
    return contentType;
  }

  String contentEncoding() {
    return contentEncoding;
  }

  /**
   * The value's bytes.
   *
   * @throws EncodingException if the value, or something in it, has no form in this content type
   */
  abstract byte[] encode(@Nullable Object value, ContentConfig content);

  /**
   * The bytes' value, of the plain types {@link Values} names.
   *
   * @throws MalformedMessageException if they are not of this content type, or the library that
   *     reads it is missing
   */
  abstract @Nullable Object decode(byte[] bytes, ContentConfig content);

  /**
   * By kombu's name or content type.
   *
   * @throws IllegalArgumentException if there is none, saying why
   */
  static Serializer named(String name) {
    for (Serializer serializer : values()) {
      boolean named = serializer.officialName.equals(name);
      if (named || (serializer.contentType.equals(name) && serializer != AUTH)) {
        return serializer;
      }
    }
    if (name.equals("pickle") || name.equals(PICKLE_TYPE)) {
      throw new IllegalArgumentException(PICKLE_REFUSED);
    }
    if (name.equals("raw") || name.equals("application/data")) {
      throw new IllegalArgumentException(
          "raw carries a text or bytes alone; a task has arguments and a result has a state, so take"
              + " one of "
              + NAMES);
    }
    throw new IllegalArgumentException(
        "there is no serializer '%s', only %s".formatted(name, NAMES));
  }

  /**
   * By the content type of a message, which has to be exactly one of these, as in kombu.
   *
   * @throws MalformedMessageException if none of these has it, saying why
   */
  static Serializer ofContentType(@Nullable String contentType) {
    for (Serializer serializer : values()) {
      if (serializer.contentType.equals(contentType)) {
        return serializer;
      }
    }
    throw new MalformedMessageException(
        "message.content-type is %s, not %s"
            .formatted(Fields.kind(contentType), reason(contentType)));
  }

  private static String reason(@Nullable String contentType) {
    if (PICKLE_TYPE.equals(contentType)) {
      return "to be read; " + PICKLE_REFUSED;
    }
    if ("application/text".equals(contentType)) {
      return "of a task: it is a text or bytes alone (serializer raw), without args and kwargs";
    }
    return Arrays.stream(values()).map(Serializer::contentType).collect(Collectors.joining(", "));
  }
}
