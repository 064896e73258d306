package dev.stalk.worker;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How far a queue reads ahead of its buffer. While tasks are short, an exchange for a few messages
 * costs more than their tasks, so as many more are held as will begin within {@link #HORIZON} at
 * the pace of the last milliseconds: none while tasks are long, and none while there are few. A
 * lone task never waits for others to come.
 *
 * <p>Tasks may become long after they were read. What would not begin within {@link #PATIENCE}, at
 * the pace of the time in which it has waited, is to go back, where other workers may take it.
 *
 * <p>{@link #left} may be called by any thread, the rest by the queue's loop only.
 */
final class ReadAhead {
  private static final long HORIZON = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long WINDOW = TimeUnit.MILLISECONDS.toNanos(5);

  private final int most;
  private final int threads;
  private final AtomicLong left = new AtomicLong();

  // used by the loop only
  private final Span window = new Span();
  private final Span beyond = new Span();
  private int lastWindow;
  private int ahead;

  /** A span of time, and how many tasks have left in it. */
  private final class Span {
    private boolean open;
    private long began;
    private long leftBefore;

    void begin(long now) {
      open = true;
      began = now;
      leftBefore = left.get();
    }

    /** Whether it is as long as this; one that is not open is not. */
    boolean lasts(long time, long now) {
      return open && now - began >= time;
    }

    /** How many leave within this time, at the pace of the span. */
    int pace(long time, long now) {
      return pace(left.get() - leftBefore, time, now);
    }

    /** The same without one for each thread, which may be long tasks that began together. */
    int sustainedPace(long time, long now) {
      return pace(Math.max(0, left.get() - leftBefore - threads), time, now);
    }

    private int pace(long tasks, long time, long now) {
      return (int) Math.min(Integer.MAX_VALUE, (double) tasks * time / (now - began));
    }
  }

  /**
   * @param most how many messages may be held beyond the buffer; 0 for none
   * @param threads how many tasks may run at once: so many may leave together, however long they
   *     took
   */
  ReadAhead(int most, int threads) {
    this.most = most;
    this.threads = threads;
  }

  boolean isWanted() {
    return most > 0;
  }

  /** A task has left its place. */
  void left() {
    left.incrementAndGet();
  }

  /** How many messages may be held beyond the buffer. */
  int places() {
    return ahead;
  }

  /**
   * Looks at the pace.
   *
   * @param now the monotonic time, in nanoseconds, here and elsewhere
   */
  void adapt(long now) {
    if (!window.open) {
      window.begin(now);
    } else if (window.lasts(WINDOW, now)) {
      int fitting = Math.min(most, window.sustainedPace(HORIZON, now));
      int before = window.lasts(PATIENCE, now) ? 0 : lastWindow;
      ahead = Math.max(fitting, before); // one pause of the JVM does not make tasks long
      lastWindow = fitting;
      window.begin(now);
    }
  }

  /**
   * How many messages will begin in the next half second, once more than threads and buffer have
   * room for were held for half a second; {@link Integer#MAX_VALUE} before that.
   *
   * @param isBeyond whether more is held than that
   */
  int willBegin(boolean isBeyond, long now) {
    if (!isBeyond) {
      beyond.open = false;
    } else if (!beyond.open) {
      beyond.begin(now);
    } else if (beyond.lasts(PATIENCE, now)) {
      int inTime = beyond.pace(PATIENCE, now);
      beyond.begin(now);
      return inTime;
    }
    return Integer.MAX_VALUE;
  }

  /** After what time to ask that again, if nothing happens until then. */
  long nanosToWait(long now) {
    return beyond.open ? Math.max(1, beyond.began + PATIENCE - now) : Long.MAX_VALUE;
  }
}
