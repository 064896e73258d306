package dev.stalk.broker.redis;

import dev.stalk.broker.message.PublishRetry;
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
  private final PublishRetryPolicy configured;
  private final Sleeper sleeper;

  RedisPublishRetry(PublishRetryPolicy configured) {
    this(configured, pause -> Thread.sleep(pause.toMillis()));
  }

  /**
   * @param sleeper what lets the caller's thread wait
   */
  RedisPublishRetry(PublishRetryPolicy configured, Sleeper sleeper) {
    this.configured = configured;
    this.sleeper = sleeper;
  }

  /** Lets time pass. */
  interface Sleeper {
    /** Returns after so long. */
    void sleep(Duration pause) throws InterruptedException;
  }

  /** Publishes once. */
  interface Attempt<T> {
    /** Adds what was not confirmed to {@code unconfirmed} and returns why, or null. */
    @Nullable BrokerException publish(List<T> all, List<T> unconfirmed);
  }

  /**
   * Publishes all, in as many attempts as allowed.
   *
   * @param retry what this call says of how often
   * @param failed called after each attempt that failed
   * @throws BrokerException why the last attempt failed
   */
  <T> void run(List<T> all, PublishRetry retry, Attempt<T> attempt, Runnable failed) {
    PublishRetryPolicy policy = configured.with(retry);
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

  private void pause(Duration pause) {
    try {
      sleeper.sleep(pause);
    } catch (InterruptedException e) {
      throw new BrokerInterruptedException("interrupted between two attempts to publish", e);
    }
  }
}
