package dev.stalk.broker.codec;

import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON text to plain Java values, and plain values to the types a caller asks for. Plain means
 * null, Boolean, Integer, Long, BigInteger, Double, String, List, Map, and the types {@link
 * JavaValues} unmarks. Thread-safe.
 */
public final class Values {
  /** No setting lets documents be deeper. */
  static final int MOST_DEPTH = 500;

  private static final String TOO_DEEP = "not JSON that is read here: it is nested too deeply";

  static final int MAX_DIGITS = 100_000;

  private static final Set<String> NO_NUMBERS = Set.of("NaN", "Infinity", "-Infinity");

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MOST_DEPTH)
                  .maxNumberLength(MAX_DIGITS)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .disable(DateTimeFeature.ADJUST_DATES_TO_CONTEXT_TIME_ZONE)
          .build();

  private Values() {}

  /**
   * Reads one document, nested at most {@link ContentConfig#DEFAULT_MAX_DEPTH} deep.
   *
   * @throws MalformedMessageException if the bytes are not exactly one JSON document
   */
  public static @Nullable Object read(byte[] json) {
    return read(json, ContentConfig.DEFAULT_MAX_DEPTH);
  }

  static @Nullable Object read(byte[] json, int maxDepth) {
    checkUtf8(json);
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), json)) {
      return document(parser, maxDepth);
    } catch (JacksonException e) {
      if (HalfSurrogates.areIn(json)) {
        return readHalfSurrogates(json, maxDepth);
      }
      throw notJson(e);
    }
  }

  /** Jackson refuses them in keys if they are escaped, but lets them pass unescaped. */
  private static @Nullable Object readHalfSurrogates(byte[] json, int maxDepth) {
    try (JsonParser parser =
        FACTORY.createParser(ObjectReadContext.empty(), HalfSurrogates.unescaped(json))) {
      return document(parser, maxDepth);
    } catch (JacksonException e) {
      throw notJson(e);
    }
  }

  private static MalformedMessageException notJson(JacksonException e) {
    if (e instanceof StreamConstraintsException
        && String.valueOf(e.getMessage()).contains("depth")) {
      return new MalformedMessageException(TOO_DEEP, e);
    }
    return new MalformedMessageException("not JSON: " + e.getOriginalMessage(), e);
  }

  private static @Nullable Object document(JsonParser parser, int maxDepth) {
    parser.nextToken();
    Object value = read(parser, maxDepth);
    if (parser.nextToken() != null) {
      throw new MalformedMessageException("there is more text after the JSON document");
    }
    return value;
  }

  /** {@code deeper} is how many levels there may still be. */
  private static @Nullable Object read(JsonParser parser, int deeper) {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new MalformedMessageException("not JSON: the text is empty");
    }
    return switch (token) {
      case START_OBJECT -> readObject(parser, deeper - 1);
      case START_ARRAY -> readArray(parser, deeper - 1);
      case VALUE_STRING -> parser.getString();
      case VALUE_NUMBER_INT -> parser.getNumberValue();
      case VALUE_NUMBER_FLOAT -> real(parser);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new MalformedMessageException("not JSON: unexpected " + token);
    };
  }

  /** Of the numbers that are none, Jackson knows more names than Python. */
  private static Double real(JsonParser parser) {
    if (parser.isNaN() && !NO_NUMBERS.contains(parser.getString())) {
      throw new MalformedMessageException("not JSON: unexpected " + parser.getString());
    }
    return parser.getDoubleValue();
  }

  /** Jackson takes overlong forms and halves of surrogate pairs; Python ends at them. */
  private static void checkUtf8(byte[] json) {
    for (byte each : json) {
      if (each < 0) {
        decodeUtf8(json);
        return;
      }
    }
  }

  private static void decodeUtf8(byte[] json) {
    try {
      var unused = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json));
    } catch (CharacterCodingException e) {
      throw new MalformedMessageException("not JSON: not UTF-8", e);
    }
  }

  private static Object readObject(JsonParser parser, int deeper) {
    check(deeper);
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      parser.nextToken();
      object.put(name, read(parser, deeper));
    }
    return JavaValues.unmark(object);
  }

  private static List<@Nullable Object> readArray(JsonParser parser, int deeper) {
    check(deeper);
    List<@Nullable Object> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(read(parser, deeper));
    }
    return items;
  }

  private static void check(int deeper) {
    if (deeper < 0) {
      throw new MalformedMessageException(TOO_DEEP);
    }
  }

  /**
   * Turns a plain value into the wanted type: primitives and their boxes, records, beans, and
   * generic types of these.
   *
   * @param value a plain value
   * @param type what is wanted, for example {@code Integer.class} or a {@code TypeReference}'s type
   * @throws IllegalArgumentException if the value does not fit, saying what was found
   */
  public static @Nullable Object convert(@Nullable Object value, Type type) {
    if (type instanceof Class<?> wanted && (value == null || wanted.isInstance(value))) {
      if (value != null || !wanted.isPrimitive()) {
        return value;
      }
      throw new IllegalArgumentException("null does not fit " + wanted.getName());
    }
    if ((value instanceof Integer && type == int.class)
        || (value instanceof Double && type == double.class)) {
      return value;
    }
    JavaType javaType = MAPPER.constructType(type);
    try {
      return MAPPER.convertValue(value, javaType);
    } catch (JacksonException e) {
      throw misfit(value, type, e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw misfit(value, type, e.getMessage(), e);
    }
  }

  private static IllegalArgumentException misfit(
      @Nullable Object value, Type type, @Nullable String why, Exception cause) {
    return new IllegalArgumentException(
        "%s does not fit %s: %s".formatted(kind(value), type.getTypeName(), why), cause);
  }

  /** What a Python user would call the value's type. */
  private static String kind(@Nullable Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List) {
      return "an array";
    }
    if (value instanceof String) {
      return "a string";
    }
    String name = value.getClass().getSimpleName();
    return ("AEIOU".indexOf(name.charAt(0)) < 0 ? "a " : "an ") + name;
  }
}
