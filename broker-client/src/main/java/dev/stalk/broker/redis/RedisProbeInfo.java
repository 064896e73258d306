package dev.stalk.broker.redis;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The reply to {@code INFO}. */
record RedisProbeInfo(Map<String, String> fields) {

  static RedisProbeInfo parse(String reply) {
    Map<String, String> fields = new LinkedHashMap<>();
    reply
        .lines()
        .forEach(
            line -> {
              int colon = line.indexOf(':');
              if (colon > 0 && !line.startsWith("#")) {
                fields.put(line.substring(0, colon), line.substring(colon + 1).strip());
              }
            });
    return new RedisProbeInfo(fields);
  }

  /** A field as it came; empty if the server does not have it. */
  String text(String field) {
    return fields.getOrDefault(field, "");
  }

  /** A field's whole number; null if there is none. */
  @Nullable Long number(String field) {
    String text = text(field);
    return text.matches("\\d{1,18}") ? Long.valueOf(text) : null;
  }

  boolean is(String field, String value) {
    return text(field).equals(value);
  }
}
