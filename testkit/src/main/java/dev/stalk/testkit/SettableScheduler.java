package dev.stalk.testkit;

import dev.stalk.worker.WorkerTime;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
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

  private final SettableClock clock;
  private final String threadName;

  /** Guarded by the clock, as all below: it must not go on while something is due. */
  private final PriorityQueue<Timed> agenda = new PriorityQueue<>(Timed.IN_ORDER);

  private @Nullable Thread thread;
  private long numbers;
  private boolean busy;
  private boolean closed;

  SettableScheduler(SettableClock clock, String threadName) {
    this.clock = clock;
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

  private boolean add(Duration delay, Runnable action) {
    synchronized (clock) {
      if (closed) {
        return false;
      }
      agenda.add(new Timed(clock.nanoTime() + delay.toNanos(), numbers++, action));
      if (thread == null) {
        thread = new Thread(this::loop, threadName);
        thread.setDaemon(true);
        thread.start();
      }
      clock.notifyAll();
      return true;
    }
  }

  /** The thread; null if there was nothing to do yet. To be called with the clock's lock. */
  @Nullable Thread thread() {
    return thread;
  }

  /**
   * When it wants to do something next; {@link SettableClock#BUSY} while it does something. To be
   * called with the clock's lock.
   */
  long next() {
    if (closed) {
      return Long.MAX_VALUE;
    }
    Timed first = agenda.peek();
    return busy ? SettableClock.BUSY : first == null ? Long.MAX_VALUE : first.at();
  }

  private void loop() {
    for (Runnable due = due(); due != null; due = due()) {
      run(due);
    }
  }

  /** Waits for the next action; null if there will be none. */
  private @Nullable Runnable due() {
    synchronized (clock) {
      busy = false;
      clock.notifyAll();
      while (!closed && next() > clock.nanoTime()) {
        try {
          clock.wait();
        } catch (InterruptedException e) {
          log.debug("{}: an interrupt does not end it, closing does", threadName, e);
        }
      }
      if (closed) {
        return null;
      }
      busy = true;
      return agenda.remove().action();
    }
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
    synchronized (clock) {
      closed = true;
      agenda.clear();
      clock.forget(this);
      if (thread != null) {
        thread.interrupt();
      }
    }
  }
}
