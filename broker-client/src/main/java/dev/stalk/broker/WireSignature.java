package dev.stalk.broker;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Signatures inside a message, as whoever runs the task reads them (celery {@code
 * canvas.py:Signature}): the options are those of {@code apply_async}, and only the given ones.
 */
final class WireSignature {
  private WireSignature() {}

  /** The signatures as lists of objects; null if there are none. */
  static @Nullable List<Object> all(List<TaskSignature> signatures) {
    if (signatures.isEmpty()) {
      return null;
    }
    List<Object> all = new ArrayList<>();
    signatures.forEach(signature -> all.add(of(signature)));
    return all;
  }

  static Map<String, @Nullable Object> of(TaskSignature signature) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("task", signature.task());
    fields.put("args", signature.args());
    fields.put("kwargs", signature.kwargs());
    fields.put("options", options(signature.options()));
    fields.put("subtask_type", null);
    fields.put("immutable", signature.isImmutable());
    return fields;
  }

  private static Map<String, @Nullable Object> options(SendOptions given) {
    Map<String, @Nullable Object> options = new LinkedHashMap<>();
    put(options, "task_id", given.id());
    put(options, "queue", given.queue());
    if (given.route() != null) {
      options.put("exchange", given.route().exchange());
      options.put("routing_key", given.route().routingKey());
      if (given.route().type() != ExchangeType.DIRECT) {
        options.put("exchange_type", given.route().type().name().toLowerCase(Locale.ROOT));
      }
    }
    put(options, "priority", given.priority());
    put(options, "ignore_result", given.ignoreResult());
    put(options, "countdown", seconds(given.countdown()));
    put(options, "eta", given.countdown() == null ? text("eta", given.eta()) : null);
    put(
        options,
        "expires",
        given.expiresAfter() == null
            ? text("expires", given.expires())
            : seconds(given.expiresAfter()));
    put(options, "time_limit", seconds(given.timeLimit()));
    put(options, "soft_time_limit", seconds(given.softTimeLimit()));
    put(options, "shadow", given.shadow());
    put(options, "root_id", given.rootId());
    put(options, "parent_id", given.parentId());
    put(options, "serializer", given.serializer());
    put(options, "compression", given.compression());
    retry(options, given.retry());
    put(options, "reply_to", given.replyTo());
    put(options, "argsrepr", given.argsRepr());
    put(options, "kwargsrepr", given.kwargsRepr());
    put(options, "add_to_parent", given.addToParent());
    put(options, "link", all(given.link()));
    put(options, "link_error", all(given.linkError()));
    if (!given.headers().isEmpty()) {
      options.put("headers", given.headers());
    }
    if (!given.stamps().isEmpty()) {
      options.put("stamped_headers", List.copyOf(given.stamps().keySet()));
      options.putAll(given.stamps());
    }
    return options;
  }

  private static void retry(Map<String, @Nullable Object> options, @Nullable PublishRetry retry) {
    if (retry == null) {
      return;
    }
    Integer most = retry.maxRetries();
    if (most != null && most == 0) {
      options.put("retry", false);
      return;
    }
    Map<String, @Nullable Object> policy = new LinkedHashMap<>();
    if (most != null) {
      policy.put("max_retries", most == PublishRetry.FOREVER ? null : most);
    }
    put(policy, "interval_start", seconds(retry.intervalStart()));
    put(policy, "interval_step", seconds(retry.intervalStep()));
    put(policy, "interval_max", seconds(retry.intervalMax()));
    options.put("retry", true);
    if (!policy.isEmpty()) {
      options.put("retry_policy", policy);
    }
  }

  private static void put(
      Map<String, @Nullable Object> options, String name, @Nullable Object value) {
    if (value != null) {
      options.put(name, value);
    }
  }

  /** Whole seconds without a fraction, as Python callers give them. */
  private static @Nullable Number seconds(@Nullable Duration duration) {
    if (duration == null) {
      return null;
    }
    return duration.toNanosPart() == 0
        ? (Number) duration.toSeconds()
        : (Number) (duration.toSeconds() + duration.toNanosPart() / 1e9);
  }

  private static @Nullable String text(String name, @Nullable Instant instant) {
    return instant == null ? null : MessageCodec.text(MessageFactory.pythonTime(name, instant));
  }
}
