package dev.stalk.worker;

import java.time.Duration;
import java.time.Instant;
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
  private final @Nullable Integer maxRetries;

  private RetryTask(
      @Nullable Duration countdown,
      @Nullable Instant eta,
      @Nullable Integer maxRetries,
      @Nullable Throwable cause) {
    super("the task asks to be run again", cause);
    this.countdown = countdown;
    this.eta = eta;
    this.maxRetries = maxRetries;
  }

  /** Again after the task's own delay, 3 minutes unless it says otherwise. */
  public static RetryTask later() {
    return new RetryTask(null, null, null, null);
  }

  /** Again this long from now; at once if it is zero or less. */
  public static RetryTask after(Duration countdown) {
    return new RetryTask(countdown, null, null, null);
  }

  /** Again at this instant; at once if it has passed. */
  public static RetryTask at(Instant eta) {
    return new RetryTask(null, eta, null, null);
  }

  /** A copy with what made it necessary: stored with the state RETRY, and as the final failure. */
  public RetryTask because(Throwable cause) {
    return new RetryTask(countdown, eta, maxRetries, cause);
  }

  /** A copy with its own limit in place of the task's; {@link RetryPolicy#UNLIMITED} for none. */
  public RetryTask atMost(int retries) {
    if (retries < RetryPolicy.UNLIMITED) {
      throw new IllegalArgumentException(
          "max retries must be 0 or more, or -1 for ever, not " + retries);
    }
    return new RetryTask(countdown, eta, retries, getCause());
  }

  @Nullable Duration countdown() {
    return countdown;
  }

  @Nullable Instant eta() {
    return eta;
  }

  @Nullable Integer maxRetries() {
    return maxRetries;
  }
}
