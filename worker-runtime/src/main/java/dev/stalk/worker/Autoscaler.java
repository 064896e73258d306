package dev.stalk.worker;

import dev.stalk.worker.config.AutoscaleConfig;

/**
 * Celery's rule for the number of threads (celery 5.6 {@code worker/autoscale.py:Autoscaler}): as
 * many as there are messages held, at once; fewer only when nothing was added for a while. Used by
 * the queue's loop only.
 */
final class Autoscaler {
  private final AutoscaleConfig config;
  private int threads;
  private long lastGrowth;
  private boolean grown;

  /**
   * @param threads how many there are now
   */
  Autoscaler(AutoscaleConfig config, int threads) {
    this.config = config;
    this.threads = Math.min(config.maxThreads(), Math.max(config.minThreads(), threads));
  }

  /**
   * How many threads there should be.
   *
   * @param held how many messages are held
   * @param now the monotonic time, in nanoseconds
   */
  int threads(int held, long now) {
    int most = Math.min(held, config.maxThreads());
    int fewest = Math.max(held, config.minThreads());
    if (most > threads) {
      threads = most;
      lastGrowth = now;
      grown = true;
    } else if (fewest < threads && mayShrink(now)) {
      threads = fewest;
    }
    return threads;
  }

  /**
   * Celery shrinks only what has grown; a pool that starts at its minimum has nothing to shrink.
   */
  private boolean mayShrink(long now) {
    return !grown || now - lastGrowth > config.keepAlive().toNanos();
  }
}
