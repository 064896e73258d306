package dev.stalk.broker.message;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of one send, named as in Celery's {@code apply_async} (celery {@code
 * app/task.py:Task.apply_async}). Null means "as usual".
 *
 * @param id the task's id; a random one if null
 * @param queue the queue; the client's default queue if null
 * @param route exchange and routing key instead of a queue; Celery's {@code exchange} and {@code
 *     routing_key}
 * @param priority 0 to 9, 0 is served first; 0 if null
 * @param ignoreResult whether the result is wanted; null leaves it to the worker's task
 * @param eta not before; overruled by {@code countdown}
 * @param countdown delay from the moment of sending; zero or less means at once
 * @param expires discarded if not begun by then
 * @param timeLimit the hard time limit, a millisecond or more
 * @param softTimeLimit the soft time limit, a millisecond or more and at most {@code timeLimit}
 * @param shadow the name to show instead of the task's
 * @param rootId the workflow's first task; the task itself if null
 * @param parentId the task that sends this one
 * @param serializer what the arguments are written in: {@code json}, {@code yaml} or {@code
 *     msgpack}; the client's setting if null. The workers must accept it
 * @param compression how they are compressed: {@code gzip}, {@code bzip2}, {@code lzma}, {@code
 *     brotli}, {@code zstd} or {@code none}; the client's setting if null
 * @param headers the caller's own headers
 */
public record SendOptions(
    @Nullable String id,
    @Nullable String queue,
    @Nullable Route route,
    @Nullable Integer priority,
    @Nullable Boolean ignoreResult,
    @Nullable Instant eta,
    @Nullable Duration countdown,
    @Nullable Instant expires,
    @Nullable Duration timeLimit,
    @Nullable Duration softTimeLimit,
    @Nullable String shadow,
    @Nullable String rootId,
    @Nullable String parentId,
    @Nullable String serializer,
    @Nullable String compression,
    Map<String, @Nullable Object> headers) {

  /**
   * Header names that belong to the protocol; Celery lets callers overwrite them, Stalk refuses.
   */
  public static final Set<String> RESERVED_HEADERS =
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
          "redelivered",
          "meth");

  /** Nothing out of the ordinary. */
  public static final SendOptions DEFAULT = builder().build();

  public SendOptions {
    if (id != null && id.isEmpty()) {
      throw new IllegalArgumentException("a task id must not be empty");
    }
    if (queue != null && (queue.isBlank() || queue.chars().anyMatch(Character::isISOControl))) {
      throw new IllegalArgumentException(
          "a queue's name must not be blank nor hold control characters");
    }
    if (queue != null && route != null) {
      throw new IllegalArgumentException(
          "a message goes to a queue (%s) or to an exchange (%s), not to both"
              .formatted(queue, route.exchange()));
    }
    if (priority != null && (priority < 0 || priority > 9)) {
      throw new IllegalArgumentException("priority must be between 0 and 9, not " + priority);
    }
    checkLimit("time limit", timeLimit);
    checkLimit("soft time limit", softTimeLimit);
    if (timeLimit != null && softTimeLimit != null && softTimeLimit.compareTo(timeLimit) > 0) {
      throw new IllegalArgumentException(
          "the soft time limit %s is longer than the hard one %s"
              .formatted(softTimeLimit, timeLimit));
    }
    headers.keySet().stream()
        .filter(RESERVED_HEADERS::contains)
        .findFirst()
        .ifPresent(
            name -> {
              throw new IllegalArgumentException(
                  "header '" + name + "' belongs to the task protocol; choose another name");
            });
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
  }

  private static void checkLimit(String name, @Nullable Duration limit) {
    if (limit != null && limit.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "the %s must be at least a millisecond, not %s".formatted(name, limit));
    }
  }

  /** Starts from nothing. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from these options. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.id = id;
    builder.queue = queue;
    builder.route = route;
    builder.priority = priority;
    builder.ignoreResult = ignoreResult;
    builder.eta = eta;
    builder.countdown = countdown;
    builder.expires = expires;
    builder.timeLimit = timeLimit;
    builder.softTimeLimit = softTimeLimit;
    builder.shadow = shadow;
    builder.rootId = rootId;
    builder.parentId = parentId;
    builder.serializer = serializer;
    builder.compression = compression;
    builder.headers.putAll(headers);
    return builder;
  }

  /** Collects options; not thread-safe. Each setter takes what the component of its name says. */
  public static final class Builder {
    private @Nullable String id;
    private @Nullable String queue;
    private @Nullable Route route;
    private @Nullable Integer priority;
    private @Nullable Boolean ignoreResult;
    private @Nullable Instant eta;
    private @Nullable Duration countdown;
    private @Nullable Instant expires;
    private @Nullable Duration timeLimit;
    private @Nullable Duration softTimeLimit;
    private @Nullable String shadow;
    private @Nullable String rootId;
    private @Nullable String parentId;
    private @Nullable String serializer;
    private @Nullable String compression;
    private final Map<String, @Nullable Object> headers = new LinkedHashMap<>();

    private Builder() {}

    public Builder id(@Nullable String value) {
      id = value;
      return this;
    }

    public Builder queue(@Nullable String value) {
      queue = value;
      return this;
    }

    public Builder route(@Nullable Route value) {
      route = value;
      return this;
    }

    public Builder priority(@Nullable Integer value) {
      priority = value;
      return this;
    }

    public Builder ignoreResult(@Nullable Boolean value) {
      ignoreResult = value;
      return this;
    }

    public Builder eta(@Nullable Instant value) {
      eta = value;
      return this;
    }

    public Builder countdown(@Nullable Duration value) {
      countdown = value;
      return this;
    }

    public Builder expires(@Nullable Instant value) {
      expires = value;
      return this;
    }

    public Builder timeLimit(@Nullable Duration value) {
      timeLimit = value;
      return this;
    }

    public Builder softTimeLimit(@Nullable Duration value) {
      softTimeLimit = value;
      return this;
    }

    public Builder shadow(@Nullable String value) {
      shadow = value;
      return this;
    }

    public Builder rootId(@Nullable String value) {
      rootId = value;
      return this;
    }

    public Builder parentId(@Nullable String value) {
      parentId = value;
      return this;
    }

    public Builder serializer(@Nullable String value) {
      serializer = value;
      return this;
    }

    public Builder compression(@Nullable String value) {
      compression = value;
      return this;
    }

    public Builder header(String name, @Nullable Object value) {
      headers.put(Objects.requireNonNull(name, "name"), value);
      return this;
    }

    /**
     * Makes the options.
     *
     * @throws IllegalArgumentException if a value is out of its range, a header is reserved, or
     *     both a queue and a route are given
     */
    public SendOptions build() {
      return new SendOptions(
          id,
          queue,
          route,
          priority,
          ignoreResult,
          eta,
          countdown,
          expires,
          timeLimit,
          softTimeLimit,
          shadow,
          rootId,
          parentId,
          serializer,
          compression,
          headers);
    }
  }
}
