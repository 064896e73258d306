package dev.stalk.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Objects;

/**
 * A clock that stands still until it is told to go on. Thread-safe.
 *
 * <pre>{@code
 * SettableClock clock = new SettableClock();
 * clock.advance(Duration.ofHours(1));
 * }</pre>
 */
public final class SettableClock extends Clock {
  private Instant now; // guarded by this

  /** Begins at the system's time, so that what others stamp with it is not far off. */
  public SettableClock() {
    this(Instant.now());
  }

  /** Begins at this time. */
  public SettableClock(Instant start) {
    this.now = Objects.requireNonNull(start, "start");
  }

  /**
   * Goes on by this much.
   *
   * @throws IllegalArgumentException if it is negative: time goes one way
   */
  public void advance(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("time cannot go back by " + duration.negated());
    }
    synchronized (this) {
      now = now.plus(duration);
    }
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  /** The same time in another zone; goes on with this clock. */
  @Override
  public Clock withZone(ZoneId zone) {
    return Clock.tick(this, Duration.ofNanos(1)).withZone(zone);
  }
}
