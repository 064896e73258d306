package dev.stalk.broker.message;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A call to be made: the task's name, its arguments and how to send it. Immutable; every {@code
 * with}, {@code on} and the like returns a changed copy.
 *
 * <pre>{@code
 * TaskSignature.of("tasks.add", 2, 3).on("math").withPriority(6)
 * }</pre>
 *
 * @param task the registered name of the task, on whichever side it runs
 * @param args positional arguments; anything Jackson can write, and null
 * @param kwargs keyword arguments
 * @param options how to send it
 * @param isImmutable whether it takes nothing of the task it follows, neither result nor id
 *     (Celery's {@code si}); of no meaning for a call that is sent by itself
 */
public record TaskSignature(
    String task,
    List<@Nullable Object> args,
    Map<String, @Nullable Object> kwargs,
    SendOptions options,
    boolean isImmutable) {

  public TaskSignature {
    if (Objects.requireNonNull(task, "task").isBlank()) {
      throw new IllegalArgumentException("a task signature needs the task's name");
    }
    args = Collections.unmodifiableList(new ArrayList<>(args));
    kwargs = ValueMap.copyOf(kwargs);
    Objects.requireNonNull(options, "options");
  }

  /** A call with positional arguments. */
  public static TaskSignature of(String task, @Nullable Object... args) {
    return new TaskSignature(task, Arrays.asList(args), Map.of(), SendOptions.DEFAULT, false);
  }

  /** A copy with one more keyword argument; an earlier one of that name is replaced. */
  public TaskSignature kwarg(String name, @Nullable Object value) {
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(kwargs);
    changed.put(Objects.requireNonNull(name, "name"), value);
    return new TaskSignature(task, args, changed, options, isImmutable);
  }

  /** A copy that goes to this queue instead of the client's default queue. */
  public TaskSignature on(String queue) {
    return with(options.toBuilder().queue(queue).route(null).build());
  }

  /**
   * A copy that goes through an exchange instead of to a queue. Every queue it reaches gets a
   * message of its own, and each is run; all share one result.
   */
  public TaskSignature to(Route route) {
    return with(options.toBuilder().queue(null).route(route).build());
  }

  /** A copy with this id instead of a new random one. An id used twice shares one result. */
  public TaskSignature withId(String id) {
    return with(options.toBuilder().id(id).build());
  }

  /** A copy with this priority, 0 to 9; on Redis 0 is served first. */
  public TaskSignature withPriority(int priority) {
    return with(options.toBuilder().priority(priority).build());
  }

  /** A copy whose result nobody wants: the worker stores none. */
  public TaskSignature ignoringResult() {
    return with(options.toBuilder().ignoreResult(true).build());
  }

  /** A copy that is not run before this instant. */
  public TaskSignature notBefore(Instant eta) {
    return with(options.toBuilder().eta(eta).build());
  }

  /** A copy that is run this long after it is sent, or at once if the delay is zero. */
  public TaskSignature withCountdown(Duration countdown) {
    return with(options.toBuilder().countdown(countdown).build());
  }

  /** A copy that is discarded unless it has begun by this instant. */
  public TaskSignature expiringAt(Instant expires) {
    return with(options.toBuilder().expires(expires).expiresAfter(null).build());
  }

  /** A copy that is discarded unless it has begun so long after it is sent. */
  public TaskSignature expiringAfter(Duration time) {
    return with(options.toBuilder().expires(null).expiresAfter(time).build());
  }

  /**
   * A copy that, once it has succeeded, has this called with its result (Celery's {@code link}).
   * Whoever runs the task sends it.
   */
  public TaskSignature link(TaskSignature callback) {
    return with(options.toBuilder().link(callback).build());
  }

  /**
   * A copy that, once it has failed for good, has this called with its id (Celery's {@code
   * link_error}). A Python worker that knows the errback itself, and more than one argument of it,
   * calls it with request, exception and traceback instead.
   */
  public TaskSignature linkError(TaskSignature errback) {
    return with(options.toBuilder().linkError(errback).build());
  }

  /** A copy that, when it follows another task, takes its own arguments alone. */
  public TaskSignature asImmutable() {
    return new TaskSignature(task, args, kwargs, options, true);
  }

  /**
   * A copy with one more stamp, to be seen by its task, and to revoke it by.
   *
   * @throws IllegalArgumentException if the name is one of Celery's own
   */
  public TaskSignature withStamp(String name, @Nullable Object value) {
    return with(options.toBuilder().stamp(name, value).build());
  }

  /** A copy whose publish is tried again so often. */
  public TaskSignature withRetry(PublishRetry retry) {
    return with(options.toBuilder().retry(retry).build());
  }

  /**
   * A copy with one more message header of the caller's own.
   *
   * @throws IllegalArgumentException if the name is one of the protocol's own headers
   */
  public TaskSignature withHeader(String name, @Nullable Object value) {
    return with(options.toBuilder().header(name, value).build());
  }

  /** A copy with these options. */
  public TaskSignature with(SendOptions changed) {
    return new TaskSignature(task, args, kwargs, changed, isImmutable);
  }
}
