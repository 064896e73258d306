package dev.stalk.worker.config;

/** The kinds of bulkhead Resilience4j knows, under its names. */
public enum BulkheadType {
  /** Threads of its own, and a queue before them. */
  THREADPOOL,
  /**
   * A virtual thread for each task, and a semaphore that counts them. Needs a JVM that has virtual
   * threads: 21 or newer.
   */
  SEMAPHORE
}
