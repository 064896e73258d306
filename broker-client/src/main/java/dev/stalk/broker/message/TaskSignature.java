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
 */
public record TaskSignature(
    String task,
    List<@Nullable Object> args,
    Map<String, @Nullable Object> kwargs,
    SendOptions options) {

  public TaskSignature {
    if (Objects.requireNonNull(task, "task").isBlank()) {
      throw new IllegalArgumentException("a task signature needs the task's name");
    }
    args = Collections.unmodifiableList(new ArrayList<>(args));
    kwargs = Collections.unmodifiableMap(new LinkedHashMap<>(kwargs));
    Objects.requireNonNull(options, "options");
  }

  /** A call with positional arguments. */
  public static TaskSignature of(String task, @Nullable Object... args) {
    return new TaskSignature(task, Arrays.asList(args), Map.of(), SendOptions.DEFAULT);
  }

  /** A copy with one more keyword argument; an earlier one of that name is replaced. */
  public TaskSignature kwarg(String name, @Nullable Object value) {
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(kwargs);
    changed.put(Objects.requireNonNull(name, "name"), value);
    return new TaskSignature(task, args, changed, options);
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
    return with(options.toBuilder().expires(expires).build());
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
    return new TaskSignature(task, args, kwargs, changed);
  }
}
