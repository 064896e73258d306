package dev.stalk.worker;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The time a worker goes by: what its clock says, how it waits, and when it does what is to be done
 * later. The system's by default; a test gives one that it moves on by hand. Everything in it is
 * thread-safe.
 *
 * <p>By it go: leases, parked tasks, rate limits, circuit breakers, time limits, heartbeats and the
 * regular chores. By the system's time whatever happens: durations that are only measured, short
 * pauses after failures and for the sake of others, and the patience with which a worker is
 * stopped.
 */
public interface WorkerTime {

  /** The system's time. */
  static WorkerTime system() {
    return SystemTime.INSTANCE;
  }

  /** Wall time: what tasks without a broker's time are stamped with. */
  Clock clock();

  /** Monotonic time in nanoseconds, to be compared with itself only, as {@link System#nanoTime}. */
  long nanoTime();

  /**
   * Has the calling thread wait until it is unparked or interrupted, or this much time has passed;
   * may return earlier for no reason (as {@link
   * java.util.concurrent.locks.LockSupport#parkNanos(Object, long)}).
   *
   * @param blocker what it waits for, shown in thread dumps
   * @param nanos how long at most; nothing happens if it is not positive
   */
  void parkNanos(Object blocker, long nanos);

  /**
   * Has a thread return from {@link #parkNanos}, now or when it next waits there (as {@link
   * LockSupport#unpark}).
   *
   * @param thread nothing happens if it is null
   */
  default void unpark(@Nullable Thread thread) {
    LockSupport.unpark(thread);
  }

  /**
   * Has the calling thread wait as {@link #parkNanos} does, but after a failure, and by the
   * system's time. Whoever waits so has nothing to do at any time of this clock.
   */
  default void pauseNanos(Object blocker, long nanos) {
    LockSupport.parkNanos(blocker, nanos);
  }

  /**
   * Makes something that does things later, on one daemon thread of its own.
   *
   * @param threadName the thread's name; it is started when it is needed, and may end while it is
   *     not
   */
  Scheduler scheduler(String threadName);

  /** Does things later, one at a time. An action must not throw: what it throws is lost. */
  interface Scheduler extends AutoCloseable {

    /**
     * Does something once after this delay, unless the future is cancelled before.
     *
     * @throws java.util.concurrent.RejectedExecutionException after it was closed
     */
    Future<?> after(Duration delay, Runnable action);

    /** Does something after {@code first}, and again a {@code period} after each time it ended. */
    void every(Duration first, Duration period, Runnable action);

    /** Ends the thread and interrupts what it is doing; closing twice does nothing. */
    @Override
    void close();
  }
}
