package dev.stalk.worker;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Growing pauses between attempts; one line of log when something begins to fail, and one with the
 * length when it works again. That the broker is away is told by the transport, once for all that
 * use it. Used by one thread; only {@link #isOver} may be asked by any.
 */
final class Outage {
  private static final Logger log = LoggerFactory.getLogger(Outage.class);
  private static final long PAUSE_MIN = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long PAUSE_MAX = TimeUnit.SECONDS.toNanos(2);

  private final String what;
  private final Clock clock;
  private volatile @Nullable Instant since;
  private boolean told;
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
    told = !(e instanceof BrokerUnavailableException);
    if (!told) {
      log.debug("{}: {}", what, e.getMessage()); // the transport tells, once for all of us
    } else if (e instanceof BrokerException) {
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
      if (told) {
        log.info("{}: it works again after {}", what, Duration.between(began, clock.instant()));
      }
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
