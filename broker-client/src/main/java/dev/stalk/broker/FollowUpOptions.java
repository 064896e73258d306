package dev.stalk.broker;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.SendOptions;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The options of a signature as they came over the wire (celery {@code canvas.py:Signature}). What
 * has another type than expected counts as not given, as one odd option must not lose a workflow.
 */
final class FollowUpOptions {
  private final Map<String, @Nullable Object> options;
  private final Instant now;

  FollowUpOptions(Map<String, @Nullable Object> options, Instant now) {
    this.options = options;
    this.now = now;
  }

  @Nullable String text(String name) {
    return options.get(name) instanceof String text && !text.isEmpty() ? text : null;
  }

  String text(String name, String fallback) {
    String text = text(name);
    return text == null ? fallback : text;
  }

  @Nullable Integer integer(String name) {
    return options.get(name) instanceof Integer number ? number : null;
  }

  @Nullable Double number(String name) {
    return options.get(name) instanceof Number number ? (Double) number.doubleValue() : null;
  }

  /** Seconds from now under the one name, or a time under the other, which may be the same. */
  @Nullable OffsetDateTime time(String seconds, String time) {
    Double delay = number(seconds);
    if (delay != null && (delay != 0 || seconds.equals(time))) {
      return now.plusNanos((long) (delay * 1e9)).atOffset(ZoneOffset.UTC);
    }
    String text = text(time);
    try {
      return text == null ? null : MessageCodec.time(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  @Nullable List<String> stampedHeaders() {
    if (!(options.get("stamped_headers") instanceof List<?> names) || names.isEmpty()) {
      return null;
    }
    List<String> texts = new ArrayList<>();
    names.forEach(name -> texts.add(String.valueOf(name)));
    return texts;
  }

  /** Each stamp is an option of its own. */
  Map<String, @Nullable Object> stamps() {
    Map<String, @Nullable Object> stamps = new LinkedHashMap<>();
    List<String> names = stampedHeaders();
    if (names != null) {
      names.forEach(name -> stamps.put(name, options.get(name)));
    }
    return stamps;
  }

  /** The caller's own headers; those of the protocol cannot be overwritten. */
  Map<String, @Nullable Object> headers() {
    Map<String, @Nullable Object> headers = new LinkedHashMap<>();
    if (options.get("headers") instanceof Map<?, ?> own) {
      own.forEach((name, value) -> headers.put(String.valueOf(name), value));
      headers.keySet().removeAll(SendOptions.RESERVED_HEADERS);
    }
    return headers;
  }

  /** What follows in its turn: always lists, as {@code apply_async} makes of single signatures. */
  Map<String, @Nullable Object> embed() {
    Map<String, @Nullable Object> embed = new LinkedHashMap<>();
    embed.put("callbacks", list(options.get("link")));
    embed.put("errbacks", list(options.get("link_error")));
    embed.put("chain", options.get("chain"));
    embed.put("chord", options.get("chord"));
    return embed;
  }

  private static @Nullable Object list(@Nullable Object value) {
    return value == null || value instanceof List ? value : List.of(value);
  }
}
