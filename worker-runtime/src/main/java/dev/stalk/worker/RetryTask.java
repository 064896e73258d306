package dev.stalk.worker;

import dev.stalk.broker.message.SendOptions;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by a task that wants to be run again (celery {@code app/task.py:Task.retry}). The message
 * is sent anew with the same id and one retry more, in one step with its acknowledgement. Once the
 * limit is reached the task fails instead: with the cause, or where there is none with Python's
 * {@code MaxRetriesExceededError}.
 *
 * <pre>{@code
 * throw RetryTask.after(Duration.ofSeconds(30)).because(e);
 * }</pre>
 */
public final class RetryTask extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable Duration countdown;
  private final @Nullable Instant eta;
  private final transient @Nullable List<@Nullable Object> args;
  private final transient @Nullable Map<String, @Nullable Object> kwargs;
  private final @Nullable String queue;
  private final @Nullable Integer maxRetries;

  private RetryTask(
      @Nullable Duration countdown,
      @Nullable Instant eta,
      @Nullable List<@Nullable Object> args,
      @Nullable Map<String, @Nullable Object> kwargs,
      @Nullable String queue,
      @Nullable Integer maxRetries,
      @Nullable Throwable cause) {
    super("the task asks to be run again", cause);
    this.countdown = countdown;
    this.eta = eta;
    this.args = args;
    this.kwargs = kwargs;
    this.queue = queue;
    this.maxRetries = maxRetries;
  }

  /** Again after the task's own delay, 3 minutes unless it says otherwise. */
  public static RetryTask later() {
    return new RetryTask(null, null, null, null, null, null, null);
  }

  /** Again this long from now; at once if it is zero or less. */
  public static RetryTask after(Duration countdown) {
    return new RetryTask(countdown, null, null, null, null, null, null);
  }

  /** Again at this instant; at once if it has passed. */
  public static RetryTask at(Instant eta) {
    return new RetryTask(null, eta, null, null, null, null, null);
  }

  /** A copy with what made it necessary: stored with the state RETRY, and as the final failure. */
  public RetryTask because(Throwable cause) {
    return new RetryTask(countdown, eta, args, kwargs, queue, maxRetries, cause);
  }

  /** A copy with its own limit in place of the task's; {@link RetryPolicy#UNLIMITED} for none. */
  public RetryTask atMost(int retries) {
    if (retries < RetryPolicy.UNLIMITED) {
      throw new IllegalArgumentException(
          "max retries must be 0 or more, or -1 for ever, not " + retries);
    }
    return new RetryTask(countdown, eta, args, kwargs, queue, retries, getCause());
  }

  /**
   * A copy that runs again with these positional arguments. The keyword arguments stay as they
   * were, unless {@link #withKwargs} replaces them too: an argument must not come both ways.
   */
  public RetryTask withArgs(@Nullable Object... changed) {
    List<@Nullable Object> all = Collections.unmodifiableList(Arrays.asList(changed.clone()));
    return new RetryTask(countdown, eta, all, kwargs, queue, maxRetries, getCause());
  }

  /**
   * A copy that runs again with these keyword arguments, all of them. The positional ones stay as
   * they were, unless {@link #withArgs} replaces them too.
   */
  public RetryTask withKwargs(Map<String, @Nullable Object> changed) {
    Map<String, @Nullable Object> all = Collections.unmodifiableMap(new LinkedHashMap<>(changed));
    return new RetryTask(countdown, eta, args, all, queue, maxRetries, getCause());
  }

  /**
   * A copy that goes to this queue instead of the one its message came from.
   *
   * @throws IllegalArgumentException if the name is blank or holds control characters
   */
  public RetryTask on(String changed) {
    String checked = SendOptions.onQueue(changed).queue();
    return new RetryTask(countdown, eta, args, kwargs, checked, maxRetries, getCause());
  }

  @Nullable Duration countdown() {
    return countdown;
  }

  @Nullable Instant eta() {
    return eta;
  }

  @Nullable List<@Nullable Object> args() {
    return args;
  }

  @Nullable Map<String, @Nullable Object> kwargs() {
    return kwargs;
  }

  @Nullable String queue() {
    return queue;
  }

  @Nullable Integer maxRetries() {
    return maxRetries;
  }
}
