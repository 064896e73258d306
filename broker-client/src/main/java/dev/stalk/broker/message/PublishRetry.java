package dev.stalk.broker.message;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How often one publish is tried again, where it differs from the client's setting: Celery's {@code
 * retry} and {@code retry_policy}, which is laid over {@code task_publish_retry_policy} value by
 * value (celery {@code app/amqp.py:AMQP._create_task_sender}). Immutable; null means "as
 * configured".
 *
 * <pre>{@code
 * signature.withRetry(PublishRetry.upTo(10).withIntervals(Duration.ofMillis(50), null, null))
 * }</pre>
 *
 * @param maxRetries how often at most; 0 fails at the first failure, {@link #FOREVER} never
 * @param intervalStart the first pause, up to a day
 * @param intervalStep by how much each pause is longer than the last, up to a day
 * @param intervalMax the longest pause, up to a day
 */
public record PublishRetry(
    @Nullable Integer maxRetries,
    @Nullable Duration intervalStart,
    @Nullable Duration intervalStep,
    @Nullable Duration intervalMax) {

  /** As {@code maxRetries}: as many as it takes. */
  public static final int FOREVER = Integer.MAX_VALUE;

  /** As the client is configured. */
  public static final PublishRetry AS_CONFIGURED = new PublishRetry(null, null, null, null);

  /** Not at all: Celery's {@code retry=False}. */
  public static final PublishRetry NEVER = upTo(0);

  private static final Duration LONGEST = Duration.ofDays(1);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of its range, naming it
   */
  public PublishRetry {
    if (maxRetries != null && maxRetries < 0) {
      throw new IllegalArgumentException("max-retries must be 0 or more, not " + maxRetries);
    }
    check("interval-start", intervalStart);
    check("interval-step", intervalStep);
    check("interval-max", intervalMax);
  }

  private static void check(String name, @Nullable Duration interval) {
    if (interval != null && (interval.isNegative() || interval.compareTo(LONGEST) > 0)) {
      throw new IllegalArgumentException(name + " must be between 0s and 1d, not " + interval);
    }
  }

  /** So often at most, with the configured pauses. */
  public static PublishRetry upTo(int maxRetries) {
    return new PublishRetry(maxRetries, null, null, null);
  }

  /** A copy with these pauses; null for the configured one. */
  public PublishRetry withIntervals(
      @Nullable Duration start, @Nullable Duration step, @Nullable Duration max) {
    return new PublishRetry(maxRetries, start, step, max);
  }
}
