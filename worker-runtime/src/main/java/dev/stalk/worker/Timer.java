package dev.stalk.worker;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does things later, on the thread {@code stalk-time-limits}, which is started when it is needed
 * and ended with the worker. Thread-safe.
 */
final class Timer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Timer.class);

  private final ScheduledThreadPoolExecutor executor;

  Timer() {
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "stalk-time-limits");
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true); // most limits are never reached
  }

  /** Does something after a while, unless it is cancelled before. */
  Future<?> after(Duration delay, Runnable action) {
    return executor.schedule(() -> run(action), delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static void run(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      log.error("what was to be done later failed", e);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
