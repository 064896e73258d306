package dev.stalk.faults;

import java.time.Clock;
import java.util.function.Consumer;

/**
 * Notes when this process was given no time to run, by asking for a short nap again and again and
 * seeing how long it took. On a busy machine that is what makes a lease lapse without anybody's
 * fault. Its thread is a daemon, {@code stall-meter}, which ends when it is closed.
 */
final class StallMeter implements AutoCloseable {
  private static final long NAP = 100;
  private static final long STALL = 400;

  private final Thread thread;

  /**
   * @param found told of each standstill, on the meter's thread
   */
  StallMeter(Clock clock, Consumer<Span> found) {
    this.thread = new Thread(() -> measure(clock, found), "stall-meter");
    thread.setDaemon(true);
    thread.start();
  }

  private static void measure(Clock clock, Consumer<Span> found) {
    long before = clock.millis();
    while (!Thread.currentThread().isInterrupted()) {
      try {
        Thread.sleep(NAP);
      } catch (InterruptedException e) {
        return;
      }
      long after = clock.millis();
      if (after - before >= STALL) {
        found.accept(new Span(before, after));
      }
      before = after;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
