package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Publishes again what was not confirmed when the connection fails or Redis is not ready, as Celery
 * does. An answer that does not come in time is not retried: Redis may still carry it out.
 */
final class RedisPublishRetry {
  private final PublishRetryPolicy policy;

  RedisPublishRetry(PublishRetryPolicy policy) {
    this.policy = policy;
  }

  /** Publishes once. */
  interface Attempt<T> {
    /** Adds what was not confirmed to {@code unconfirmed} and returns why, or null. */
    @Nullable BrokerException publish(List<T> all, List<T> unconfirmed);
  }

  /**
   * Publishes all, in as many attempts as allowed.
   *
   * @param failed called after each attempt that failed
   * @throws BrokerException why the last attempt failed
   */
  <T> void run(List<T> all, Attempt<T> attempt, Runnable failed) {
    List<T> left = all;
    for (int retries = 0; ; retries++) {
      List<T> unconfirmed = new ArrayList<>();
      BrokerException failure = attempt.publish(left, unconfirmed);
      if (failure == null) {
        return;
      }
      failed.run();
      boolean again = failure.isRetryable() && !RedisErrors.isTimeout(failure);
      if (!again || !policy.allows(retries)) {
        throw failure;
      }
      left = unconfirmed;
      pause(policy.pause(retries));
    }
  }

  private static void pause(Duration pause) {
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      throw new BrokerInterruptedException("interrupted between two attempts to publish", e);
    }
  }
}
