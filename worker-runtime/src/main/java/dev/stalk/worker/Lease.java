package dev.stalk.worker;

import java.time.Duration;

/**
 * For how long the others take a worker for alive, and leave it what it holds. Whoever stood still
 * or was cut off for longer finds out here, before it begins what others may have begun by then.
 * Thread-safe.
 */
final class Lease {
  private final Duration duration;
  private final WorkerTime time;
  private volatile long renewed;

  /** One that has just begun. */
  Lease(Duration duration, WorkerTime time) {
    this.duration = duration;
    this.time = time;
    this.renewed = time.nanoTime();
  }

  /** After how long without a sign of life others take over. */
  Duration duration() {
    return duration;
  }

  /** A renewal that was asked for at this monotonic time has succeeded. */
  void renewed(long asked) {
    renewed = asked;
  }

  /**
   * Whether a message that was asked for at this monotonic time, and has been held since, is surely
   * ours: it is young, or we gave a sign of life since a lease ago.
   */
  boolean covers(long asked) {
    return time.nanoTime() - renewed < duration.toNanos() || isYoung(asked);
  }

  /**
   * Whether a message that was asked for at this monotonic time is surely ours though nothing was
   * renewed since: for half a lease nobody takes it even from the dead (AbandonedSweeper.restore).
   */
  boolean isYoung(long asked) {
    return time.nanoTime() - asked < duration.toNanos() / 2;
  }
}
