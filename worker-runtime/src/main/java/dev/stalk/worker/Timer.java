package dev.stalk.worker;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
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

  private final WorkerTime time;
  private final Map<String, WorkerTime.Scheduler> schedulers = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Timer() {
    this(WorkerTime.system());
  }

  Timer(WorkerTime time) {
    this.time = time;
  }

  /** The time the worker goes by. */
  WorkerTime time() {
    return time;
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
    WorkerTime.Scheduler scheduler =
        schedulers.computeIfAbsent(queue, name -> time.scheduler("stalk-time-limits-" + name));
    if (closed) {
      scheduler.close(); // made after the others were closed
    }
    return scheduler.after(delay, () -> run(action));
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
    schedulers.values().forEach(WorkerTime.Scheduler::close);
  }
}
