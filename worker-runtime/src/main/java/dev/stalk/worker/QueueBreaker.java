package dev.stalk.worker;

import dev.stalk.worker.config.BreakerConfig;
import dev.stalk.worker.config.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Resilience4j's circuit breaker, asked before anything is fetched or begun instead of when it is
 * called. Open, it gives no permission; half open exactly the permitted trials; else any number.
 * What began before the last change of state does not count for the state after it. Thread-safe.
 */
final class QueueBreaker {
  private final CircuitBreaker breaker;
  private final Clock clock;
  private final Duration wait;
  private final AtomicInteger epoch = new AtomicInteger();
  private volatile Instant openUntil = Instant.MIN;

  /**
   * @param changed called on each change of state with the states before and after; must return at
   *     once
   */
  QueueBreaker(String name, BreakerConfig config, Clock clock, BiConsumer<State, State> changed) {
    this.clock = clock;
    this.wait = config.waitDurationInOpenState();
    this.breaker = CircuitBreaker.of(name, resilience(config, clock));
    breaker
        .getEventPublisher()
        .onStateTransition(
            event -> {
              State to = event.getStateTransition().getToState();
              openUntil = to == State.OPEN ? clock.instant().plus(wait) : Instant.MIN;
              epoch.incrementAndGet();
              changed.accept(event.getStateTransition().getFromState(), to);
            });
  }

  private static CircuitBreakerConfig resilience(BreakerConfig config, Clock clock) {
    CircuitBreakerConfig.Builder builder =
        CircuitBreakerConfig.custom()
            .clock(clock)
            .failureRateThreshold(config.failureRateThreshold())
            .slowCallRateThreshold(config.slowCallRateThreshold())
            .slowCallDurationThreshold(config.slowCallDurationThreshold())
            .permittedNumberOfCallsInHalfOpenState(config.permittedNumberOfCallsInHalfOpenState())
            .maxWaitDurationInHalfOpenState(config.maxWaitDurationInHalfOpenState())
            .slidingWindow(
                config.slidingWindowSize(),
                config.minimumNumberOfCalls(),
                type(config.slidingWindowType()))
            .waitDurationInOpenState(config.waitDurationInOpenState());
    if (!config.recordExceptions().isEmpty()) {
      builder.recordException(new ExceptionNames(config.recordExceptions())::include);
    }
    if (!config.ignoreExceptions().isEmpty()) {
      builder.ignoreException(new ExceptionNames(config.ignoreExceptions())::include);
    }
    return builder.build();
  }

  private static CircuitBreakerConfig.SlidingWindowType type(SlidingWindowType type) {
    return type == SlidingWindowType.COUNT_BASED
        ? CircuitBreakerConfig.SlidingWindowType.COUNT_BASED
        : CircuitBreakerConfig.SlidingWindowType.TIME_BASED;
  }

  CircuitBreaker breaker() {
    return breaker;
  }

  State state() {
    return breaker.getState();
  }

  /** Whether any number may begin. */
  boolean isClosed() {
    return switch (breaker.getState()) {
      case CLOSED, DISABLED, METRICS_ONLY -> true;
      case OPEN, HALF_OPEN, FORCED_OPEN -> false;
    };
  }

  /** Takes permissions for up to so many calls. */
  Permissions acquire(int most) {
    int now = epoch.get();
    if (isClosed()) {
      return new Permissions(this, now, most, false);
    }
    int taken = 0;
    while (taken < most && breaker.tryAcquirePermission()) {
      taken++;
    }
    // the first permission of an open breaker makes it half open
    return new Permissions(this, epoch.get(), taken, true);
  }

  /** How long until it is worth asking again, unless the state changes; 0 if it is now. */
  long nanosToWait() {
    return switch (breaker.getState()) {
      case CLOSED, DISABLED, METRICS_ONLY -> 0;
      case OPEN -> Math.max(1, nanosUntil(openUntil));
      case HALF_OPEN, FORCED_OPEN -> Long.MAX_VALUE;
    };
  }

  private long nanosUntil(Instant time) {
    Duration left = Duration.between(clock.instant(), time);
    if (left.isNegative()) {
      return 0;
    }
    return left.compareTo(Duration.ofDays(1)) > 0 ? Long.MAX_VALUE : left.toNanos();
  }

  /** How long an open breaker waits before it tries again. */
  Duration waitDuration() {
    return wait;
  }

  /**
   * Continues in the state an operator or the failures brought another breaker into: one that is
   * reconfigured does not forget that it is open.
   */
  void continueFrom(QueueBreaker before) {
    switch (before.state()) {
      case FORCED_OPEN -> breaker.transitionToForcedOpenState();
      case DISABLED -> breaker.transitionToDisabledState();
      case METRICS_ONLY -> breaker.transitionToMetricsOnlyState();
      case OPEN, HALF_OPEN -> breaker.transitionToOpenState();
      case CLOSED -> {}
    }
  }

  /**
   * Permissions that were taken together.
   *
   * @param epoch the number of the state they were given in
   * @param count how many
   * @param counted whether the breaker has counted them, and wants back what is not used
   */
  record Permissions(QueueBreaker breaker, int epoch, int count, boolean counted) {

    /** Gives back permissions that were not used. */
    void unused(int unused) {
      for (int i = 0; counted && i < unused && isCurrent(); i++) {
        breaker.breaker.releasePermission();
      }
    }

    /**
     * What one of these begins with: a trial with itself, as long as the breaker is half open since
     * it was given; any with a permission of the state now, if any number may begin in that; null
     * if it may not. The state is asked for itself, as whoever opens the breaker tells of it after.
     */
    @Nullable Permissions begins() {
      int now = breaker.epoch.get();
      if (breaker.isClosed()) {
        return epoch == now ? this : new Permissions(breaker, now, 1, false);
      }
      return counted && epoch == now && breaker.state() == State.HALF_OPEN ? this : null;
    }

    private boolean isCurrent() {
      return epoch == breaker.epoch.get();
    }

    /** A call has ended; null for well. Counts if the state is still that of its beginning. */
    void ended(long nanos, @Nullable Throwable error) {
      if (!isCurrent()) {
        return;
      }
      if (error == null) {
        breaker.breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
      } else {
        breaker.breaker.onError(nanos, TimeUnit.NANOSECONDS, error);
      }
    }
  }
}
