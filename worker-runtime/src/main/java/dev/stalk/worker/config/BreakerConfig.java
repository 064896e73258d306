package dev.stalk.worker.config;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * When a circuit breaker opens, and for how long. Names, meanings and defaults are those of
 * Resilience4j's {@code CircuitBreakerConfig}. A call is a task's run; how long it waited does not
 * count. Immutable; an invalid one cannot be made.
 *
 * @param failureRateThreshold the percentage of failed calls at which it opens, above 0 to 100; 50
 *     by default
 * @param slowCallRateThreshold the percentage of slow calls at which it opens, above 0 to 100; 100
 *     by default
 * @param slowCallDurationThreshold calls that take longer are slow, 1 ms to 36,500 days; 60 s by
 *     default
 * @param permittedNumberOfCallsInHalfOpenState how many trial calls decide whether it closes, 1 to
 *     10,000; 10 by default
 * @param maxWaitDurationInHalfOpenState how long it waits for the trial calls before it opens
 *     again, up to 36,500 days; 0 for as long as they take, the default
 * @param slidingWindowType what it looks back on; the last calls by default
 * @param slidingWindowSize how many calls, or how many seconds, it looks back on, 1 to 100,000; 100
 *     by default
 * @param minimumNumberOfCalls with fewer it does not judge, 1 to 100,000; 100 by default. Never
 *     more than the window has, where that counts calls
 * @param waitDurationInOpenState how long it stays open before it tries again, 1 ms to 36,500 days;
 *     60 s by default
 * @param recordExceptions names of the exception classes that count as failures, with their
 *     subclasses; empty for all, the default
 * @param ignoreExceptions names of the exception classes that count neither as failure nor as
 *     success, with their subclasses; none by default
 */
public record BreakerConfig(
    float failureRateThreshold,
    float slowCallRateThreshold,
    Duration slowCallDurationThreshold,
    int permittedNumberOfCallsInHalfOpenState,
    Duration maxWaitDurationInHalfOpenState,
    SlidingWindowType slidingWindowType,
    int slidingWindowSize,
    int minimumNumberOfCalls,
    Duration waitDurationInOpenState,
    List<String> recordExceptions,
    List<String> ignoreExceptions) {

  public static final float DEFAULT_FAILURE_RATE_THRESHOLD = 50;
  public static final float DEFAULT_SLOW_CALL_RATE_THRESHOLD = 100;
  public static final Duration DEFAULT_SLOW_CALL_DURATION_THRESHOLD = Duration.ofSeconds(60);
  public static final int DEFAULT_PERMITTED_CALLS_IN_HALF_OPEN_STATE = 10;
  public static final int DEFAULT_SLIDING_WINDOW_SIZE = 100;
  public static final int DEFAULT_MINIMUM_NUMBER_OF_CALLS = 100;
  public static final Duration DEFAULT_WAIT_DURATION_IN_OPEN_STATE = Duration.ofSeconds(60);

  private static final int MAX_WINDOW = 100_000;
  private static final int MAX_TRIALS = 10_000;
  private static final Duration SHORTEST = Duration.ofMillis(1);

  public BreakerConfig {
    Ranges.checkPercentage("failure-rate-threshold", failureRateThreshold);
    Ranges.checkPercentage("slow-call-rate-threshold", slowCallRateThreshold);
    Ranges.check(
        "slow-call-duration-threshold", SHORTEST, Durations.LONGEST, slowCallDurationThreshold);
    Ranges.check(
        "permitted-number-of-calls-in-half-open-state",
        1,
        MAX_TRIALS,
        permittedNumberOfCallsInHalfOpenState);
    Ranges.check(
        "max-wait-duration-in-half-open-state",
        Duration.ZERO,
        Durations.LONGEST,
        maxWaitDurationInHalfOpenState);
    Objects.requireNonNull(slidingWindowType, "slidingWindowType");
    Ranges.check("sliding-window-size", 1, MAX_WINDOW, slidingWindowSize);
    Ranges.check("minimum-number-of-calls", 1, MAX_WINDOW, minimumNumberOfCalls);
    Ranges.check(
        "wait-duration-in-open-state", SHORTEST, Durations.LONGEST, waitDurationInOpenState);
    recordExceptions = List.copyOf(recordExceptions);
    ignoreExceptions = List.copyOf(ignoreExceptions);
    recordExceptions.forEach(BreakerConfig::checkExceptionName);
    ignoreExceptions.forEach(BreakerConfig::checkExceptionName);
  }

  static void checkExceptionName(String name) {
    if (!WorkerConfig.CLASS_NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "an exception must be the full name of a class, as in java.io.IOException");
    }
  }

  /** Starts from Resilience4j's defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    return new Builder()
        .failureRateThreshold(failureRateThreshold)
        .slowCallRateThreshold(slowCallRateThreshold)
        .slowCallDurationThreshold(slowCallDurationThreshold)
        .permittedNumberOfCallsInHalfOpenState(permittedNumberOfCallsInHalfOpenState)
        .maxWaitDurationInHalfOpenState(maxWaitDurationInHalfOpenState)
        .slidingWindowType(slidingWindowType)
        .slidingWindowSize(slidingWindowSize)
        .minimumNumberOfCalls(minimumNumberOfCalls)
        .waitDurationInOpenState(waitDurationInOpenState)
        .recordExceptions(recordExceptions)
        .ignoreExceptions(ignoreExceptions);
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private float failureRateThreshold = DEFAULT_FAILURE_RATE_THRESHOLD;
    private float slowCallRateThreshold = DEFAULT_SLOW_CALL_RATE_THRESHOLD;
    private Duration slowCallDurationThreshold = DEFAULT_SLOW_CALL_DURATION_THRESHOLD;
    private int permittedNumberOfCallsInHalfOpenState = DEFAULT_PERMITTED_CALLS_IN_HALF_OPEN_STATE;
    private Duration maxWaitDurationInHalfOpenState = Duration.ZERO;
    private SlidingWindowType slidingWindowType = SlidingWindowType.COUNT_BASED;
    private int slidingWindowSize = DEFAULT_SLIDING_WINDOW_SIZE;
    private int minimumNumberOfCalls = DEFAULT_MINIMUM_NUMBER_OF_CALLS;
    private Duration waitDurationInOpenState = DEFAULT_WAIT_DURATION_IN_OPEN_STATE;
    private List<String> recordExceptions = List.of();
    private List<String> ignoreExceptions = List.of();

    private Builder() {}

    public Builder failureRateThreshold(float value) {
      failureRateThreshold = value;
      return this;
    }

    public Builder slowCallRateThreshold(float value) {
      slowCallRateThreshold = value;
      return this;
    }

    public Builder slowCallDurationThreshold(Duration value) {
      slowCallDurationThreshold = value;
      return this;
    }

    public Builder permittedNumberOfCallsInHalfOpenState(int value) {
      permittedNumberOfCallsInHalfOpenState = value;
      return this;
    }

    public Builder maxWaitDurationInHalfOpenState(Duration value) {
      maxWaitDurationInHalfOpenState = value;
      return this;
    }

    public Builder slidingWindowType(SlidingWindowType value) {
      slidingWindowType = value;
      return this;
    }

    public Builder slidingWindowSize(int value) {
      slidingWindowSize = value;
      return this;
    }

    public Builder minimumNumberOfCalls(int value) {
      minimumNumberOfCalls = value;
      return this;
    }

    public Builder waitDurationInOpenState(Duration value) {
      waitDurationInOpenState = value;
      return this;
    }

    public Builder recordExceptions(List<String> value) {
      recordExceptions = value;
      return this;
    }

    public Builder ignoreExceptions(List<String> value) {
      ignoreExceptions = value;
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value is out of its range, saying which
     */
    public BreakerConfig build() {
      return new BreakerConfig(
          failureRateThreshold,
          slowCallRateThreshold,
          slowCallDurationThreshold,
          permittedNumberOfCallsInHalfOpenState,
          maxWaitDurationInHalfOpenState,
          slidingWindowType,
          slidingWindowSize,
          minimumNumberOfCalls,
          waitDurationInOpenState,
          recordExceptions,
          ignoreExceptions);
    }
  }
}
