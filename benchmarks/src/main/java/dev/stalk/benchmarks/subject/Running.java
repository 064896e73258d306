package dev.stalk.benchmarks.subject;

import java.util.Map;

/** A subject at work. Closing it kills it. */
public interface Running extends AutoCloseable {
  /** Its main process. */
  long pid();

  /** What it says of itself since it was started, such as {@code allocated}; empty for Celery. */
  Map<String, Double> stats();

  /** Processor time and memory of all its processes now. */
  default ProcessUsage usage() {
    return ProcessUsage.ofTree(pid());
  }

  @Override
  void close();
}
