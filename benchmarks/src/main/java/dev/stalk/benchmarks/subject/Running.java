package dev.stalk.benchmarks.subject;

import java.util.Map;

/** A subject at work. Closing it kills it. */
public interface Running extends AutoCloseable {
  /** Its main process. */
  long pid();

  /**
   * What it says of itself since it was started, such as the bytes it {@code allocated}; empty for
   * Celery.
   */
  Map<String, Double> stats();

  /** Bytes in use on its heap after a full collection just now; NaN where it has no such heap. */
  default double heapAfterCollection() {
    return Double.NaN;
  }

  /** Processor time and memory of all its processes now. */
  default ProcessUsage usage() {
    return ProcessUsage.ofTree(pid());
  }

  @Override
  void close();
}
