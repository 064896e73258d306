package dev.stalk.testkit;

import dev.stalk.worker.WorkerTime;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does things when a settable clock has come to their time, on one thread. Thread-safe. */
final class SettableScheduler implements WorkerTime.Scheduler {
  private static final Logger log = LoggerFactory.getLogger(SettableScheduler.class);

  /** Something to be done at a time; the number keeps the order of what is due together. */
  private record Timed(long at, long number, Runnable action) {
    static final Comparator<Timed> IN_ORDER =
        Comparator.comparingLong(Timed::at).thenComparingLong(Timed::number);
  }

  private final WorkerTime time;
  private final String threadName;

  /** Guarded by this, as all below. */
  private final PriorityQueue<Timed> agenda = new PriorityQueue<>(Timed.IN_ORDER);

  private @Nullable Thread thread;
  private long numbers;
  private boolean closed;

  SettableScheduler(WorkerTime time, String threadName) {
    this.time = time;
    this.threadName = threadName;
  }

  @Override
  public Future<?> after(Duration delay, Runnable action) {
    FutureTask<Void> future = new FutureTask<>(action, null);
    if (!add(delay, future)) {
      throw new RejectedExecutionException(threadName + " is closed");
    }
    return future;
  }

  @Override
  public void every(Duration first, Duration period, Runnable action) {
    Runnable again =
        new Runnable() {
          @Override
          public void run() {
            action.run();
            var unused = add(period, this); // unless it was closed meanwhile
          }
        };
    if (!add(first, again)) {
      throw new RejectedExecutionException(threadName + " is closed");
    }
  }

  private synchronized boolean add(Duration delay, Runnable action) {
    if (closed) {
      return false;
    }
    agenda.add(new Timed(time.nanoTime() + delay.toNanos(), numbers++, action));
    if (thread == null) {
      thread = new Thread(this::loop, threadName);
      thread.setDaemon(true);
      thread.start();
    } else {
      LockSupport.unpark(thread);
    }
    return true;
  }

  private void loop() {
    while (!isClosed()) {
      Runnable due = due();
      if (due == null) {
        time.parkNanos(this, nanosToNext());
      } else {
        run(due);
      }
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private synchronized @Nullable Runnable due() {
    Timed next = agenda.peek();
    if (next == null || next.at() > time.nanoTime()) {
      return null;
    }
    agenda.remove();
    return next.action();
  }

  private synchronized long nanosToNext() {
    Timed next = agenda.peek();
    return next == null ? Long.MAX_VALUE : next.at() - time.nanoTime();
  }

  private static void run(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      log.error("what was to be done later failed", e);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    agenda.clear();
    if (thread != null) {
      thread.interrupt();
    }
  }
}
