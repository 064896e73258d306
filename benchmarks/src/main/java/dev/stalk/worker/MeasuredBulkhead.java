package dev.stalk.worker;

import dev.stalk.worker.config.QueueConfig;

/**
 * A queue's bulkhead alone, for the benchmark of the hand-over: what it is made of is the worker's
 * own and not public. Thread-safe.
 */
public final class MeasuredBulkhead {
  private final Compartment compartment;

  /** One with this many threads and places to wait. */
  public MeasuredBulkhead(int threads, int buffer) {
    this.compartment = Compartment.of("piece", new QueueConfig(threads, buffer));
  }

  /** Hands something over to one of its threads. */
  public void run(Runnable work) {
    compartment.run(work);
  }

  /** Ends its threads. */
  public void close() {
    compartment.close();
  }
}
