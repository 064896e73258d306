package dev.stalk.worker;

import dev.stalk.worker.config.RateLimit;
import io.github.resilience4j.ratelimiter.RateLimiterConfig;
import io.github.resilience4j.ratelimiter.internal.AtomicRateLimiter;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How many messages may be fetched now, by Resilience4j's rate limiter. What is not fetched does
 * not count: permissions are looked at before a fetch and taken after it. Used by the queue's loop
 * only.
 */
final class StartRate {
  private final @Nullable AtomicRateLimiter limiter;

  /**
   * @param limit null for none
   * @param nanoTime the monotonic time
   */
  StartRate(String name, @Nullable RateLimit limit, Supplier<Long> nanoTime) {
    limiter = limit == null ? null : limiter(name, limit, nanoTime);
  }

  private static AtomicRateLimiter limiter(String name, RateLimit limit, Supplier<Long> nanoTime) {
    RateLimiterConfig config =
        RateLimiterConfig.custom()
            .limitForPeriod(limit.limitForPeriod())
            .limitRefreshPeriod(limit.limitRefreshPeriod())
            .timeoutDuration(Duration.ZERO)
            .build();
    return new AtomicRateLimiter(name, config, nanoTime);
  }

  /** How many of these may begin now. */
  int available(int most) {
    return limiter == null
        ? most
        : Math.max(0, Math.min(most, limiter.getMetrics().getAvailablePermissions()));
  }

  /** So many have been fetched. */
  void took(int count) {
    if (limiter != null && count > 0) {
      var unused = limiter.acquirePermission(count);
    }
  }

  /** How long until at least one more may begin; 0 if one may now. */
  long nanosToWait() {
    return limiter == null ? 0 : limiter.getDetailedMetrics().getNanosToWait();
  }
}
