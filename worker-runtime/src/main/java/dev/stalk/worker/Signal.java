package dev.stalk.worker;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Wakes one waiting thread. A wake-up that comes before the wait is kept. */
final class Signal {
  private final WorkerTime time;
  private volatile boolean raised;
  private volatile @Nullable Thread waiter;

  Signal() {
    this(WorkerTime.system());
  }

  Signal(WorkerTime time) {
    this.time = time;
  }

  /** Wakes the waiter, now or at its next wait; cheap if it has been woken already. */
  void raise() {
    if (!raised) {
      raised = true;
      LockSupport.unpark(waiter);
    }
  }

  /**
   * Waits until raised or for this long, and lowers the signal. For one thread only.
   *
   * @return whether it was raised
   */
  boolean await(long nanos) {
    return await(nanos, time);
  }

  /**
   * The same by the system's time, whatever time the worker goes by: for short waits that give
   * others a chance and are no part of what a worker promises.
   */
  boolean awaitBriefly(long nanos) {
    return await(nanos, WorkerTime.system());
  }

  private boolean await(long nanos, WorkerTime by) {
    waiter = Thread.currentThread();
    long deadline = by.nanoTime() + nanos;
    while (!raised) {
      long left = deadline - by.nanoTime();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        break;
      }
      by.parkNanos(this, left);
    }
    boolean woken = raised;
    raised = false;
    return woken;
  }
}
