package dev.stalk.worker;

import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.Transport;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Returns parked messages when they are due. A thread of its own, {@code stalk-parked}, waits for
 * the next one, however far away, or for the news that something earlier was parked.
 */
final class ParkedTimer implements AutoCloseable {
  /** Between two looks because of news, so that many tasks being parked cost few looks. */
  private static final long GAP = TimeUnit.MILLISECONDS.toNanos(50);

  private final ParkedMessages parked;
  private final Outage outage;
  private final Signal news;
  private final Signal end;
  private final Thread thread = new Thread(this::loop, "stalk-parked");
  private volatile boolean ended;

  ParkedTimer(Transport transport, WorkerTime time) {
    this.news = new Signal(time);
    this.end = new Signal(time);
    this.parked = transport.parked(news::raise);
    this.outage = new Outage("parked messages", time.clock());
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void loop() {
    while (!ended) {
      if (news.await(step()) && !ended) {
        end.awaitBriefly(GAP);
      }
    }
    parked.close();
  }

  /** Returns how long nothing is to be done. */
  private long step() {
    try {
      Duration pause = parked.restoreDue();
      outage.passed();
      return pause.toNanos();
    } catch (RuntimeException | Error e) { // a timer that ends would keep every parked message
      if (!ended) {
        outage.failed(e);
      }
      return outage.pauseNanos();
    }
  }

  /** Ends the thread, and interrupts it if it is in the middle of a call. */
  @Override
  public void close() {
    ended = true;
    news.raise();
    end.raise();
    thread.interrupt();
    if (!thread.isAlive()) {
      parked.close(); // it never started, or has closed it itself
    }
  }
}
