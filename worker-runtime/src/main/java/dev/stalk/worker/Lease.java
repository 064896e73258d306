package dev.stalk.worker;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * For how long the others leave a worker what it holds. Whoever stood still or was cut off for
 * longer finds out here, before it begins what others may have begun by then. Thread-safe.
 */
final class Lease {
  /** A time by both clocks: one may stand while a machine sleeps, the other may be set. */
  record Moment(long nanos, long millis) {}

  /** Messages that come together. */
  static final class Hold {
    private final Moment asked;
    private volatile @Nullable Moment since;

    private Hold(Moment asked) {
      this.asked = asked;
    }
  }

  private final Duration duration;
  private final WorkerTime time;
  private volatile @Nullable Moment renewed;

  Lease(Duration duration, WorkerTime time) {
    this.duration = duration;
    this.time = time;
  }

  /** After how long without a sign of life others take over. */
  Duration duration() {
    return duration;
  }

  /** The time of a question to the broker, to be taken before anything is gathered for it. */
  Moment now() {
    return new Moment(time.nanoTime(), time.clock().millis());
  }

  /** A renewal of all that was held at this time has succeeded, and what was lost is known. */
  void renewed(Moment asked) {
    renewed = asked;
  }

  /** Messages are about to be asked for. */
  Hold ask() {
    return new Hold(now());
  }

  /** All of them are held: what is renewed from now on, they are. */
  void taken(Hold hold) {
    hold.since = now();
  }

  /** Whether these messages are surely still ours: they are young, or were renewed lately. */
  boolean covers(Hold hold) {
    if (isYoung(hold)) {
      return true;
    }
    Moment last = renewed;
    Moment since = hold.since;
    return last != null
        && since != null
        && last.nanos() - since.nanos() >= 0
        && nanosSince(last) < duration.toNanos();
  }

  /**
   * Whether these messages are surely ours though nothing was renewed: for half a lease nobody
   * takes what was fetched, even from the dead (Transport.restoreAbandoned).
   */
  boolean isYoung(Hold hold) {
    return nanosSince(hold.asked) < duration.toNanos() / 2;
  }

  private long nanosSince(Moment moment) {
    return Math.max(
        time.nanoTime() - moment.nanos(),
        TimeUnit.MILLISECONDS.toNanos(time.clock().millis() - moment.millis()));
  }
}
