package dev.stalk.worker.config;

/** What a circuit breaker looks back on, under Resilience4j's names. */
public enum SlidingWindowType {
  /** The last so many calls. */
  COUNT_BASED,
  /** The calls of the last so many seconds. */
  TIME_BASED
}
