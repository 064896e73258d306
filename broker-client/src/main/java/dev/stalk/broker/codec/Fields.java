package dev.stalk.broker.codec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a decoded object and says which one is wrong. A missing field and null are
 * the same (celery writes both).
 */
record Fields(String where, Map<String, @Nullable Object> values) {

  /** The map itself, not a copy: nobody else has it. */
  @SuppressWarnings("unchecked") // what was read from JSON has names that are strings
  static Fields of(String where, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return new Fields(where, (Map<String, @Nullable Object>) map);
    }
    throw new MalformedMessageException(where + " is " + kind(value) + ", not an object");
  }

  /** The object under this name; an empty one if it is missing. */
  Fields object(String name) {
    Object value = values.get(name);
    return value == null ? new Fields(where + "." + name, Map.of()) : of(where + "." + name, value);
  }

  @Nullable String text(String name) {
    Object value = values.get(name);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw wrong(name, value, "a string");
  }

  String requiredText(String name) {
    String value = text(name);
    if (value == null || value.isEmpty()) {
      throw new MalformedMessageException(where + "." + name + " is missing");
    }
    return value;
  }

  String text(String name, String fallback) {
    String value = text(name);
    return value == null ? fallback : value;
  }

  @Nullable Integer integer(String name) {
    Object value = values.get(name);
    if (value == null || value instanceof Integer) {
      return (Integer) value;
    }
    throw wrong(name, value, "a whole number");
  }

  @Nullable Boolean flag(String name) {
    Object value = values.get(name);
    if (value == null || value instanceof Boolean) {
      return (Boolean) value;
    }
    throw wrong(name, value, "true or false");
  }

  @Nullable List<@Nullable Object> list(String name) {
    Object value = values.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof List<?> list) {
      return new ArrayList<>(list);
    }
    throw wrong(name, value, "an array");
  }

  MalformedMessageException wrong(String name, @Nullable Object value, String wanted) {
    return new MalformedMessageException(
        "%s.%s is %s, not %s".formatted(where, name, kind(value), wanted));
  }

  static String kind(@Nullable Object value) {
    if (value == null) {
      return "missing";
    }
    if (value instanceof Map) {
      return "an object";
    }
    if (value instanceof List) {
      return "an array";
    }
    String text = String.valueOf(value);
    return "'" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "'";
  }
}
