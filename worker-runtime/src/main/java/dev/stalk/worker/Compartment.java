package dev.stalk.worker;

import dev.stalk.worker.config.BulkheadType;
import dev.stalk.worker.config.QueueConfig;

/**
 * What a queue's tasks run on, and nobody else's. Takes whatever it is given: that there is room is
 * seen to before. Thread-safe.
 */
interface Compartment {

  /** The kind of compartment a configuration asks for. */
  static Compartment of(String name, QueueConfig config) {
    return config.type() == BulkheadType.SEMAPHORE
        ? new VirtualThreadCompartment(name, config.threads())
        : new ResizableThreadPoolBulkhead(name, config);
  }

  /** Runs something as soon as a thread is free. */
  void run(Runnable execution);

  /** Takes over new sizes; what runs goes on. Takes no new kind. */
  void change(QueueConfig config);

  /** Sets how many run at once, between the bounds of autoscaling. */
  void scale(int threads);

  /** How many may run at once now. */
  int threads();

  /**
   * Has another thread do the work of this one, whose task does not end. If it comes back after
   * all, there is one thread less again.
   */
  void giveUp(Thread thread);

  /** How many were given up and have not come back. */
  int stuck();

  /** Ends when everything has ended; interrupts what still runs after a few seconds. */
  void close();
}
