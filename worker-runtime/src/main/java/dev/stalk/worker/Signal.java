package dev.stalk.worker;

import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Wakes one waiting thread. A wake-up that comes before the wait is kept. */
final class Signal {
  private interface Parking {
    void parkNanos(Object blocker, long nanos);
  }

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
      time.unpark(waiter);
    }
  }

  /** Whether a wake-up has not been seen by the waiter yet. */
  boolean isRaised() {
    return raised;
  }

  /**
   * Waits until raised or for this long, and lowers the signal. For one thread only.
   *
   * @return whether it was raised
   */
  boolean await(long nanos) {
    return await(nanos, time::nanoTime, time::parkNanos);
  }

  /**
   * The same by the system's time, whatever time the worker goes by: for short waits that give
   * others a chance and are no part of what a worker promises.
   */
  boolean awaitBriefly(long nanos) {
    return await(nanos, System::nanoTime, LockSupport::parkNanos);
  }

  /** The same after a failure, when there is nothing to do before it has been tried again. */
  boolean awaitAfterFailure(long nanos) {
    return await(nanos, System::nanoTime, time::pauseNanos);
  }

  private boolean await(long nanos, LongSupplier now, Parking parking) {
    waiter = Thread.currentThread();
    long deadline = now.getAsLong() + nanos;
    while (!raised) {
      long left = deadline - now.getAsLong();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        break;
      }
      parking.parkNanos(this, left);
    }
    boolean woken = raised;
    raised = false;
    return woken;
  }
}
