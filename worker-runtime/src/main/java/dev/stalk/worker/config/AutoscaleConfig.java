package dev.stalk.worker.config;

import java.time.Duration;
import java.util.Objects;

/**
 * Bounds between which the number of a queue's threads follows its work, by Celery's rule (celery
 * {@code worker/autoscale.py:Autoscaler}): up at once to as many as there are messages held, down
 * to that number when nothing was added for the time of {@code keepAlive}. Immutable; an invalid
 * one cannot be made.
 *
 * @param minThreads the fewest, 1 to 10,000
 * @param maxThreads the most, from the fewest to 10,000
 * @param keepAlive how long after the last growth it may shrink, up to a day; 30 s by default
 *     (Celery's {@code AUTOSCALE_KEEPALIVE})
 */
public record AutoscaleConfig(int minThreads, int maxThreads, Duration keepAlive) {

  public static final Duration DEFAULT_KEEP_ALIVE = Duration.ofSeconds(30);

  public AutoscaleConfig {
    Ranges.check("min-threads", 1, QueueConfig.MAX_THREADS, minThreads);
    Ranges.check("max-threads", 1, QueueConfig.MAX_THREADS, maxThreads);
    if (minThreads > maxThreads) {
      throw new IllegalArgumentException(
          "min-threads must be at most max-threads (%d), not %d".formatted(maxThreads, minThreads));
    }
    checkKeepAlive(Objects.requireNonNull(keepAlive, "keepAlive"));
  }

  static void checkKeepAlive(Duration keepAlive) {
    Ranges.check("keep-alive", Duration.ZERO, Duration.ofDays(1), keepAlive);
  }
}
