package dev.stalk.worker;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does things later, on a thread for each queue, {@code stalk-time-limits-QUEUE}: what is done
 * there may call listeners and cancel what tasks have promised, and whoever holds that up holds up
 * no other queue. A thread is started when it is needed, leaves when it has had nothing to do for a
 * while, and ends with the worker. Thread-safe.
 */
final class Timer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Timer.class);
  private static final long IDLE_SECONDS = 60;

  private final Map<String, ScheduledThreadPoolExecutor> executors = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private static ScheduledThreadPoolExecutor executor(String queue) {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "stalk-time-limits-" + queue);
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true); // most limits are never reached
    executor.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /**
   * Does something after a while, unless it is cancelled before.
   *
   * @param queue whose thread does it
   * @throws RejectedExecutionException if it is closed
   */
  Future<?> after(String queue, Duration delay, Runnable action) {
    if (closed) {
      throw new RejectedExecutionException("the worker has stopped");
    }
    return executors
        .computeIfAbsent(queue, Timer::executor)
        .schedule(() -> run(action), delay.toNanos(), TimeUnit.NANOSECONDS);
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
    closed = true;
    executors.values().forEach(ScheduledThreadPoolExecutor::shutdownNow);
  }
}
