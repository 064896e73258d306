package dev.stalk.broker.transport;

import dev.stalk.broker.message.PublishRetry;
import java.time.Duration;

/**
 * How often, and after which pauses, a publish that failed is tried again (Celery's {@code
 * task_publish_retry_policy}, kombu {@code utils/functional.py:retry_over_time}). The n-th pause is
 * {@code intervalStart + (n - 1) * intervalStep}, and never longer than {@code intervalMax}.
 *
 * @param maxRetries how often at most: 0 fails at the first failure (Celery's {@code
 *     task_publish_retry} false), {@link #FOREVER} waits for the broker however long it takes
 *     (Celery's {@code None}); 3 by default
 * @param intervalStart the first pause, up to a day; zero by default
 * @param intervalStep by how much each pause is longer than the last, up to a day; 0.2 s by default
 * @param intervalMax the longest pause, up to a day; a second by default
 */
public record PublishRetryPolicy(
    int maxRetries, Duration intervalStart, Duration intervalStep, Duration intervalMax) {

  private static final Duration LONGEST = Duration.ofDays(1);

  /** As many retries as it takes. */
  public static final int FOREVER = PublishRetry.FOREVER;

  /** Celery's own default. */
  public static final PublishRetryPolicy DEFAULT =
      new PublishRetryPolicy(3, Duration.ZERO, Duration.ofMillis(200), Duration.ofSeconds(1));

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is out of its range, naming it
   */
  public PublishRetryPolicy {
    if (maxRetries < 0) {
      throw new IllegalArgumentException("max-retries must be 0 or more, or forever");
    }
    check("interval-start", intervalStart);
    check("interval-step", intervalStep);
    check("interval-max", intervalMax);
  }

  private static void check(String name, Duration interval) {
    if (interval.isNegative() || interval.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(name + " must be between 0s and 1d, not " + interval);
    }
  }

  /** This policy with what a call says for itself. */
  public PublishRetryPolicy with(PublishRetry call) {
    return new PublishRetryPolicy(
        call.maxRetries() == null ? maxRetries : call.maxRetries(),
        call.intervalStart() == null ? intervalStart : call.intervalStart(),
        call.intervalStep() == null ? intervalStep : call.intervalStep(),
        call.intervalMax() == null ? intervalMax : call.intervalMax());
  }

  /**
   * Whether another try is allowed.
   *
   * @param retries how many there have been
   */
  public boolean allows(int retries) {
    return maxRetries == FOREVER || retries < maxRetries;
  }

  /**
   * The pause before another try.
   *
   * @param retries how many there have been, 0 or more
   */
  public Duration pause(int retries) {
    long steps = Math.min(retries, 10_000_000);
    Duration pause = intervalStart.plus(intervalStep.multipliedBy(steps));
    return pause.compareTo(intervalMax) > 0 ? intervalMax : pause;
  }
}
