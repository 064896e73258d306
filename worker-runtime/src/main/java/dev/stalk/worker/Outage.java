package dev.stalk.worker;

import dev.stalk.broker.transport.BrokerException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of log when the broker goes away, one with the length when it is back, and growing
 * pauses between attempts. Used by one thread; only {@link #isOver} may be asked by any.
 */
final class Outage {
  private static final Logger log = LoggerFactory.getLogger(Outage.class);
  private static final long PAUSE_MIN = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long PAUSE_MAX = TimeUnit.SECONDS.toNanos(2);

  private final String what;
  private final Clock clock;
  private volatile @Nullable Instant since;
  private long pause = PAUSE_MIN;

  Outage(String what, Clock clock) {
    this.what = what;
    this.clock = clock;
  }

  void failed(Throwable e) {
    if (since != null) {
      return;
    }
    since = clock.instant();
    if (e instanceof BrokerException) {
      log.error("{}: {}; trying again until it works", what, e.getMessage());
    } else {
      log.error("{} failed unexpectedly; trying again until it works", what, e);
    }
  }

  /** Whether the last attempt went well, or there was none yet. */
  boolean isOver() {
    return since == null;
  }

  void passed() {
    Instant began = since;
    if (began != null) {
      log.info("{}: the broker is back after {}", what, Duration.between(began, clock.instant()));
      since = null;
      pause = PAUSE_MIN;
    }
  }

  /** How long to wait before the next attempt; with jitter, so that workers do not come as one. */
  long pauseNanos() {
    long now = pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
    pause = Math.min(PAUSE_MAX, pause * 2);
    return now;
  }
}
