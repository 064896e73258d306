package dev.stalk.worker;

import dev.stalk.worker.config.RateLimit;
import java.time.Duration;

/**
 * How often a task may begin on one worker (celery's {@code rate_limit}): a bucket of one token.
 *
 * @param interval the time between two beginnings, more than zero
 */
public record TaskRate(Duration interval) {
  public TaskRate {
    if (interval.isZero() || interval.isNegative()) {
      throw new IllegalArgumentException("a rate limit needs an interval of more than zero");
    }
  }

  /**
   * Reads Celery's form, as a queue's {@code rate-limit} is read: {@link RateLimit#perSecond}.
   *
   * @throws IllegalArgumentException if the text has another form or the rate is zero
   */
  public static TaskRate parse(String text) {
    double perSecond = RateLimit.perSecond(text);
    if (perSecond == 0) {
      throw new IllegalArgumentException("a rate limit is more than zero; leave it out for none");
    }
    return new TaskRate(Duration.ofNanos(Math.max(1, Math.round(1e9 / perSecond))));
  }
}
