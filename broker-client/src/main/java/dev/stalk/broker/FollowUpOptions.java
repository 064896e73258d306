package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.security.MessageSecurity;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of a signature as they came over the wire (celery {@code canvas.py:Signature}). What
 * has another type than expected counts as not given, as one odd option must not lose a workflow.
 */
final class FollowUpOptions {
  private static final Set<String> SERIALIZERS = Set.of("json", "yaml", "msgpack");
  private static final Set<String> SIGNING = Set.of("json", "yaml", "msgpack", "auth");
  private static final Set<String> COMPRESSIONS =
      Set.of("none", "gzip", "zlib", "bzip2", "bzip", "lzma", "xz", "brotli", "zstd");

  private static final double LONGEST_LIMIT = 365 * 86_400.0;

  private final Map<String, @Nullable Object> options;
  private final Set<String> serializers;
  private final Instant now;

  /**
   * @param content whether what is to be signed can be; else it is sent as configured
   */
  FollowUpOptions(Map<String, @Nullable Object> options, ContentConfig content, Instant now) {
    MessageSecurity security = content.security();
    this.options = options;
    this.serializers = security != null && security.signs() ? SIGNING : SERIALIZERS;
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

  /** All that a call may say of itself. */
  SendOptions sendOptions() {
    SendOptions.Builder send =
        SendOptions.builder()
            .id(text("task_id"))
            .shadow(text("shadow"))
            .eta(time("countdown", "eta"))
            .expires(time("expires", "expires"))
            .argsRepr(text("argsrepr"))
            .kwargsRepr(text("kwargsrepr"))
            .serializer(one("serializer", serializers))
            .compression(one("compression", COMPRESSIONS))
            .ignoreResult(options.get("ignore_result") instanceof Boolean ignored ? ignored : null);
    Integer priority = integer("priority");
    if (priority != null) {
      send.priority(Math.max(0, Math.min(9, priority)));
    }
    Duration hard = limit("time_limit");
    Duration soft = limit("soft_time_limit");
    send.timeLimit(hard);
    send.softTimeLimit(hard != null && soft != null && soft.compareTo(hard) > 0 ? null : soft);
    headers().forEach(send::header);
    destination(send);
    return send.build();
  }

  private @Nullable String one(String name, Set<String> known) {
    String text = text(name);
    return text != null && known.contains(text) ? text : null;
  }

  private @Nullable Duration limit(String name) {
    Double seconds = number(name);
    return seconds != null && seconds >= 0.001 && seconds <= LONGEST_LIMIT
        ? Duration.ofMillis((long) (seconds * 1000))
        : null;
  }

  /** A queue goes before an exchange; a key without an exchange names a queue. */
  private void destination(SendOptions.Builder send) {
    String queue = text("queue");
    String exchange = text("exchange");
    String key = text("routing_key");
    if (queue == null && exchange == null) {
      queue = key;
    }
    try {
      if (queue != null) {
        send.queue(queue).build();
      } else if (exchange != null && key != null) {
        String type = text("exchange_type", "direct").toUpperCase(Locale.ROOT);
        send.route(new Route(exchange, ExchangeType.valueOf(type), key));
      }
    } catch (IllegalArgumentException e) {
      send.queue(null);
    }
  }

  /** Seconds from now under the one name, or a time under the other, which may be the same. */
  private @Nullable Instant time(String seconds, String time) {
    Double delay = number(seconds);
    try {
      if (delay != null && (delay != 0 || seconds.equals(time))) {
        return pythonTime(now.plusNanos((long) (delay * 1e9)));
      }
      Object value = options.get(time);
      if (value instanceof OffsetDateTime typed) {
        return pythonTime(typed.toInstant());
      }
      if (value instanceof LocalDateTime naive) {
        return pythonTime(naive.toInstant(ZoneOffset.UTC));
      }
      String text = text(time);
      return text == null ? null : pythonTime(MessageCodec.time(text).toInstant());
    } catch (DateTimeException | IllegalArgumentException | ArithmeticException e) {
      return null;
    }
  }

  private static Instant pythonTime(Instant instant) {
    return MessageFactory.pythonTime("time", instant).toInstant();
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
