package dev.stalk.worker;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Wakes one waiting thread. A wake-up that comes before the wait is kept. */
final class Signal {
  private volatile boolean raised;
  private volatile @Nullable Thread waiter;

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
    waiter = Thread.currentThread();
    long deadline = System.nanoTime() + nanos;
    while (!raised) {
      long left = deadline - System.nanoTime();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        break;
      }
      LockSupport.parkNanos(this, left);
    }
    boolean woken = raised;
    raised = false;
    return woken;
  }
}
