package dev.stalk.worker;

import dev.stalk.broker.transport.Transport;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The broker's time, by which tasks are due and expire: the same for every worker, whatever its own
 * clock says. Asked for now and then with {@link #synchronize} and carried on between by the
 * monotonic clock, so that a leap of the worker's clock does not show. Until it was first asked for
 * it is the worker's own. As exact as half the round trip. Thread-safe.
 */
final class BrokerClock extends Clock {
  private static final Logger log = LoggerFactory.getLogger(BrokerClock.class);

  /** From this difference on the worker's clock is reported. */
  static final Duration REPORTED = Duration.ofSeconds(1);

  /** Of so many answers the quickest counts. */
  private static final int READINGS = 3;

  /** The broker's time at a moment of the monotonic clock. */
  private record Reading(Instant time, long at, long roundTrip) {}

  private final Transport transport;
  private final Clock own;
  private final Ticker ticker;
  private volatile @Nullable Reading reading;
  private volatile Duration skew = Duration.ZERO;

  /** Used by {@link #synchronize}'s one thread. */
  private boolean reported;

  /** A monotonic clock, in nanoseconds. */
  interface Ticker {
    long nanos();
  }

  BrokerClock(Transport transport, Clock own, Ticker ticker) {
    this.transport = transport;
    this.own = own;
    this.ticker = ticker;
  }

  /**
   * Asks the broker. By one thread at a time.
   *
   * @throws dev.stalk.broker.transport.BrokerException if it does not answer; the time goes on
   */
  void synchronize() {
    Reading best = read();
    for (int i = 1; i < READINGS; i++) {
      Reading next = read();
      best = next.roundTrip() < best.roundTrip() ? next : best;
    }
    reading = best;
    skew = Duration.between(instant(), own.instant());
    report();
  }

  private Reading read() {
    long before = ticker.nanos();
    Instant theirs = transport.time();
    long roundTrip = ticker.nanos() - before;
    return new Reading(theirs, before + roundTrip / 2, roundTrip);
  }

  private void report() {
    boolean wrong = skew.abs().compareTo(REPORTED) >= 0;
    if (wrong && !reported) {
      log.warn(
          "this machine's clock is {} ms {} the broker's; tasks are due and expire by the"
              + " broker's. Check its time service",
          skew.abs().toMillis(),
          skew.isNegative() ? "behind" : "ahead of");
    } else if (reported && !wrong) {
      log.info("this machine's clock agrees with the broker's again");
    }
    reported = wrong;
  }

  /** By how much the worker's clock was ahead of the broker's when it was last asked. */
  Duration skew() {
    return skew;
  }

  @Override
  public Instant instant() {
    Reading last = reading;
    return last == null ? own.instant() : last.time().plusNanos(ticker.nanos() - last.at());
  }

  @Override
  public ZoneId getZone() {
    return own.getZone();
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return own.withZone(zone);
  }
}
