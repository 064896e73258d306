package dev.stalk.broker.message;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of one send, named as in Celery's {@code apply_async} (celery {@code
 * app/task.py:Task.apply_async}). Null means "as usual": what the client's annotations and routes
 * say, else the client's setting. Immutable.
 *
 * @param id the task's id; a random one if null
 * @param queue the queue; the client's default queue if null
 * @param route exchange and routing key instead of a queue; Celery's {@code exchange} and {@code
 *     routing_key}
 * @param priority 0 to 9, 0 is served first; 0 if null
 * @param ignoreResult whether the result is wanted; null leaves it to the worker's task
 * @param eta not before; overruled by {@code countdown}
 * @param countdown delay from the moment of sending; zero or less means at once
 * @param expires discarded if not begun by then; overruled by {@code expiresAfter}
 * @param expiresAfter discarded if not begun so long after it was sent; zero or less expires at
 *     once. Celery's {@code expires} as a number
 * @param timeLimit the hard time limit, a millisecond or more
 * @param softTimeLimit the soft time limit, a millisecond or more and at most {@code timeLimit}
 * @param shadow the name to show instead of the task's
 * @param rootId the workflow's first task; the task itself if null
 * @param parentId the task that sends this one
 * @param serializer what the arguments are written in: {@code json}, {@code yaml} or {@code
 *     msgpack}; the client's setting if null. The workers must accept it
 * @param compression how they are compressed: {@code gzip}, {@code bzip2}, {@code lzma}, {@code
 *     brotli}, {@code zstd} or {@code none}; the client's setting if null
 * @param retry how often the publish is tried again; the client's setting where it is silent
 * @param replyTo the address of the sender, which Celery's rpc results alone use; the client's own
 *     if null
 * @param argsRepr the positional arguments as logs and monitors show them, for arguments that are
 *     not to be seen there; made of the arguments if null
 * @param kwargsRepr the keyword arguments likewise
 * @param addToParent whether a running task that sends this lists it among its children, for {@code
 *     AsyncResult.children} to find; true if null. Of a call that no task makes it says nothing
 * @param link what is called after success, with the result before its own arguments
 * @param linkError what is called after failure, with the task's id before its own arguments
 * @param stamps names and values that travel with the task and can be revoked by; Celery's {@code
 *     stamped_headers} are their names. Needs Celery 5.3 on the Python side
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
    @Nullable Duration expiresAfter,
    @Nullable Duration timeLimit,
    @Nullable Duration softTimeLimit,
    @Nullable String shadow,
    @Nullable String rootId,
    @Nullable String parentId,
    @Nullable String serializer,
    @Nullable String compression,
    @Nullable PublishRetry retry,
    @Nullable String replyTo,
    @Nullable String argsRepr,
    @Nullable String kwargsRepr,
    @Nullable Boolean addToParent,
    List<TaskSignature> link,
    List<TaskSignature> linkError,
    Map<String, @Nullable Object> stamps,
    Map<String, @Nullable Object> headers) {

  /**
   * Header names that belong to the protocol, or to the request that a Python worker makes of the
   * headers (celery {@code app/task.py:Context}), which fails without its {@code get}; Celery lets
   * callers overwrite them, Stalk refuses.
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
          "meth",
          "get",
          "update",
          "clear",
          "called_directly",
          "is_eager",
          "_children",
          "_protected");

  /**
   * What a stamp must not be called: in a signature's options every stamp stands beside these names
   * (celery {@code app/amqp.py:AMQP.as_task_v2}).
   */
  private static final Set<String> RESERVED_STAMPS =
      Set.of(
          "task_id",
          "args",
          "kwargs",
          "queue",
          "exchange",
          "exchange_type",
          "routing_key",
          "priority",
          "serializer",
          "compression",
          "countdown",
          "time_limit",
          "soft_time_limit",
          "retry",
          "retry_policy",
          "reply_to",
          "correlation_id",
          "link",
          "link_error",
          "headers",
          "group_id",
          "chain",
          "chord",
          "producer",
          "connection",
          "publisher",
          "router",
          "result_cls",
          "add_to_parent",
          "task_type",
          "route_name",
          "delivery_mode",
          "expiration",
          "user_id",
          "name",
          "now",
          "timezone",
          "timeout",
          "confirm_timeout",
          "mandatory",
          "immediate",
          "declare",
          "message",
          "event_dispatcher",
          "create_sent_event",
          "callbacks",
          "errbacks");

  /** The longest time limit, a year. */
  private static final Duration LONGEST_LIMIT = Duration.ofDays(365);

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
    headers.keySet().forEach(SendOptions::checkHeader);
    stamps.keySet().forEach(SendOptions::checkStamp);
    link = List.copyOf(link);
    linkError = List.copyOf(linkError);
    stamps = ValueMap.copyOf(stamps);
    headers = ValueMap.copyOf(headers);
  }

  private static void checkHeader(String name) {
    if (RESERVED_HEADERS.contains(name)) {
      throw new IllegalArgumentException(
          "header '" + name + "' belongs to the task protocol; choose another name");
    }
  }

  private static void checkStamp(String name) {
    if (name.isBlank() || RESERVED_HEADERS.contains(name) || RESERVED_STAMPS.contains(name)) {
      throw new IllegalArgumentException(
          "a stamp must not be called '%s', as Celery has an option of that name; choose another"
              .formatted(name));
    }
  }

  private static void checkLimit(String name, @Nullable Duration limit) {
    if (limit != null
        && (limit.compareTo(Duration.ofMillis(1)) < 0 || limit.compareTo(LONGEST_LIMIT) > 0)) {
      throw new IllegalArgumentException(
          "the %s must be between a millisecond and a year, not %s".formatted(name, limit));
    }
  }

  /**
   * These options, and where they say nothing those: how a route stands behind the call's own
   * options (celery {@code utils/collections.py:lpmerge}). A queue or exchange given here leaves
   * nothing of the other's queue and exchange; a time to run, or to expire, nothing of the other's;
   * and headers, stamps, links are taken as a whole.
   */
  public SendOptions over(SendOptions fallback) {
    boolean placed = queue != null || route != null;
    boolean timed = eta != null || countdown != null;
    boolean expiring = expires != null || expiresAfter != null;
    Duration hard = or(timeLimit, fallback.timeLimit);
    Duration soft = or(softTimeLimit, fallback.softTimeLimit);
    if (hard != null && soft != null && soft.compareTo(hard) > 0) { // each is right by itself
      hard = timeLimit;
      soft = softTimeLimit;
    }
    return new SendOptions(
        or(id, fallback.id),
        placed ? queue : fallback.queue,
        placed ? route : fallback.route,
        or(priority, fallback.priority),
        or(ignoreResult, fallback.ignoreResult),
        timed ? eta : fallback.eta,
        timed ? countdown : fallback.countdown,
        expiring ? expires : fallback.expires,
        expiring ? expiresAfter : fallback.expiresAfter,
        hard,
        soft,
        or(shadow, fallback.shadow),
        or(rootId, fallback.rootId),
        or(parentId, fallback.parentId),
        or(serializer, fallback.serializer),
        or(compression, fallback.compression),
        or(retry, fallback.retry),
        or(replyTo, fallback.replyTo),
        or(argsRepr, fallback.argsRepr),
        or(kwargsRepr, fallback.kwargsRepr),
        or(addToParent, fallback.addToParent),
        link.isEmpty() ? fallback.link : link,
        linkError.isEmpty() ? fallback.linkError : linkError,
        stamps.isEmpty() ? fallback.stamps : stamps,
        headers.isEmpty() ? fallback.headers : headers);
  }

  private static <T> @Nullable T or(@Nullable T first, @Nullable T second) {
    return first == null ? second : first;
  }

  /** To this queue, and else as usual. */
  public static SendOptions onQueue(String queue) {
    return builder().queue(queue).build();
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
    builder.expiresAfter = expiresAfter;
    builder.timeLimit = timeLimit;
    builder.softTimeLimit = softTimeLimit;
    builder.shadow = shadow;
    builder.rootId = rootId;
    builder.parentId = parentId;
    builder.serializer = serializer;
    builder.compression = compression;
    builder.retry = retry;
    builder.replyTo = replyTo;
    builder.argsRepr = argsRepr;
    builder.kwargsRepr = kwargsRepr;
    builder.addToParent = addToParent;
    builder.link.addAll(link);
    builder.linkError.addAll(linkError);
    builder.stamps.putAll(stamps);
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
    private @Nullable Duration expiresAfter;
    private @Nullable Duration timeLimit;
    private @Nullable Duration softTimeLimit;
    private @Nullable String shadow;
    private @Nullable String rootId;
    private @Nullable String parentId;
    private @Nullable String serializer;
    private @Nullable String compression;
    private @Nullable PublishRetry retry;
    private @Nullable String replyTo;
    private @Nullable String argsRepr;
    private @Nullable String kwargsRepr;
    private @Nullable Boolean addToParent;
    private final List<TaskSignature> link = new ArrayList<>();
    private final List<TaskSignature> linkError = new ArrayList<>();
    private final Map<String, @Nullable Object> stamps = new LinkedHashMap<>();
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

    public Builder expiresAfter(@Nullable Duration value) {
      expiresAfter = value;
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

    public Builder retry(@Nullable PublishRetry value) {
      retry = value;
      return this;
    }

    public Builder replyTo(@Nullable String value) {
      replyTo = value;
      return this;
    }

    public Builder argsRepr(@Nullable String value) {
      argsRepr = value;
      return this;
    }

    public Builder kwargsRepr(@Nullable String value) {
      kwargsRepr = value;
      return this;
    }

    public Builder addToParent(@Nullable Boolean value) {
      addToParent = value;
      return this;
    }

    /** One more to call after success. */
    public Builder link(TaskSignature callback) {
      link.add(Objects.requireNonNull(callback, "callback"));
      return this;
    }

    /** One more to call after failure. */
    public Builder linkError(TaskSignature errback) {
      linkError.add(Objects.requireNonNull(errback, "errback"));
      return this;
    }

    /** One more stamp; an earlier one of that name is replaced. */
    public Builder stamp(String name, @Nullable Object value) {
      stamps.put(Objects.requireNonNull(name, "name"), value);
      return this;
    }

    public Builder header(String name, @Nullable Object value) {
      headers.put(Objects.requireNonNull(name, "name"), value);
      return this;
    }

    /**
     * Makes the options.
     *
     * @throws IllegalArgumentException if a value is out of its range, the name of a header or
     *     stamp is reserved, or both a queue and a route are given
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
          expiresAfter,
          timeLimit,
          softTimeLimit,
          shadow,
          rootId,
          parentId,
          serializer,
          compression,
          retry,
          replyTo,
          argsRepr,
          kwargsRepr,
          addToParent,
          link,
          linkError,
          stamps,
          headers);
    }
  }
}
