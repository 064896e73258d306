package dev.stalk.broker.codec;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZonedDateTime;
import java.time.temporal.Temporal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * The Java values that are not JSON's own, to and from the objects by which kombu 5.3 and later
 * marks types: {@code {"__type__": T, "__value__": V}} (kombu {@code utils/json.py}).
 *
 * <table>
 * <caption>Types</caption>
 * <tr><th>Java</th><th>T</th><th>Python</th></tr>
 * <tr><td>Instant, OffsetDateTime, ZonedDateTime, LocalDateTime</td><td>datetime</td><td>datetime</td></tr>
 * <tr><td>LocalDate</td><td>date</td><td>date</td></tr>
 * <tr><td>LocalTime, OffsetTime</td><td>time</td><td>time</td></tr>
 * <tr><td>BigDecimal</td><td>decimal</td><td>Decimal</td></tr>
 * <tr><td>UUID</td><td>uuid</td><td>UUID</td></tr>
 * <tr><td>byte[]</td><td>bytes, base64</td><td>bytes</td></tr>
 * </table>
 *
 * <p>Everything else (records, beans) is written as Jackson sees it.
 */
final class JavaValues {
  private JavaValues() {}

  /**
   * Writes what is not null, text, a boolean, an Integer, Long or Double, a map or a collection.
   */
  static void write(Object value, ValueWriter out) {
    if (value instanceof BigInteger || value instanceof Short || value instanceof Byte) {
      out.integer((Number) value);
    } else if (value instanceof BigDecimal decimal) {
      out.decimal(decimal);
    } else if (value instanceof Instant
        || value instanceof OffsetDateTime
        || value instanceof LocalDateTime) {
      out.dateTime((Temporal) value);
    } else if (value instanceof ZonedDateTime time) {
      out.dateTime(time.toOffsetDateTime());
    } else if (value instanceof LocalDate date) {
      out.date(date);
    } else if (value instanceof LocalTime || value instanceof OffsetTime) {
      out.time((Temporal) value);
    } else if (value instanceof UUID uuid) {
      out.uuid(uuid);
    } else if (value instanceof byte[] bytes) {
      out.bytes(bytes);
    } else if (value instanceof Enum<?> constant) {
      out.string(constant.name());
    } else if (value instanceof Character character) {
      out.string(character.toString());
    } else if (value instanceof CharSequence text) {
      out.string(text.toString());
    } else if (value instanceof Optional<?> optional) {
      out.value(optional.orElse(null));
    } else if (value.getClass().isArray()) {
      out.array(listOf(value));
    } else {
      out.value(throughJackson(value));
    }
  }

  private static List<@Nullable Object> listOf(Object array) {
    int length = Array.getLength(array);
    List<@Nullable Object> items = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      items.add(Array.get(array, i));
    }
    return items;
  }

  private static @Nullable Object throughJackson(Object value) {
    Object plain;
    try {
      plain = Values.MAPPER.convertValue(value, Object.class);
    } catch (JacksonException | IllegalArgumentException | StackOverflowError e) {
      throw new EncodingException(
          "a value of " + value.getClass().getName() + " cannot be written as JSON", e);
    }
    if (plain != null && plain.getClass() == value.getClass()) {
      throw new EncodingException(
          "a value of " + value.getClass().getName() + " cannot be written as JSON");
    }
    return plain;
  }

  /** A map's key as Python's json module writes it. */
  static String keyText(@Nullable Object key) {
    if (key instanceof String text) {
      return text;
    }
    if (key instanceof Double || key instanceof Float) {
      return PythonFloat.repr(((Number) key).doubleValue());
    }
    return key instanceof Enum<?> constant ? constant.name() : String.valueOf(key);
  }

  /**
   * The Java value of a marked object, or the object itself if it is not one. An unknown type stays
   * a map, as kombu before 5.3 has it, where later kombu would drop the task.
   */
  static Object unmark(Map<String, @Nullable Object> object) {
    if (object.size() != 2
        || !(object.get("__type__") instanceof String type)
        || !object.containsKey("__value__")) {
      return object;
    }
    Object value = object.get("__value__");
    try {
      Object unmarked = unmark(type, value);
      return unmarked == null ? object : unmarked;
    } catch (RuntimeException e) {
      throw new MalformedMessageException("a marked " + type + " holds " + Fields.kind(value), e);
    }
  }

  private static @Nullable Object unmark(String type, @Nullable Object value) {
    if (type.equals("uuid") && value instanceof Map<?, ?> parts) {
      return uuid(String.valueOf(parts.get("hex")));
    }
    if (!(value instanceof String text)) {
      return null;
    }
    return switch (type) {
      case "datetime" -> PythonTime.parseDateTime(text);
      case "date" -> LocalDate.parse(text);
      case "time" -> PythonTime.parseTime(text);
      case "decimal" -> decimal(text);
      case "uuid" -> uuid(text);
      case "bytes" -> text.getBytes(StandardCharsets.UTF_8);
      case "base64" -> Base64.getDecoder().decode(text);
      default -> null;
    };
  }

  /**
   * Python's Decimal also knows NaN, with a sign or a number, and Infinity: they become doubles.
   */
  private static Object decimal(String text) {
    if (text.matches("-?s?NaN\\d*")) {
      return Double.NaN;
    }
    return switch (text) {
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> new BigDecimal(text);
    };
  }

  private static UUID uuid(String hex) {
    String digits = hex.replace("-", "");
    if (!digits.matches("[0-9a-fA-F]{32}")) {
      throw new IllegalArgumentException("not 32 hexadecimal digits");
    }
    return new UUID(
        Long.parseUnsignedLong(digits.substring(0, 16), 16),
        Long.parseUnsignedLong(digits.substring(16, 32), 16));
  }
}
