package dev.stalk.faults;

import dev.stalk.peers.PeerUnavailableException;
import dev.stalk.peers.RedisServer;
import java.time.Clock;
import java.util.List;

/**
 * Asks Redis again and again how much is waiting, and notes when it was slow to answer or did not:
 * by its hands, not only by what was done to it. Its thread is a daemon, {@code redis-watch}, which
 * ends when it is closed. Thread-safe.
 */
final class RedisWatch implements AutoCloseable {
  private static final long PAUSE = 150;
  private static final long SLOW = 300;

  private final RedisServer redis;
  private final List<String> lists;
  private final Timeline timeline;
  private final Clock clock;
  private final Thread thread;
  private volatile long waiting;

  /**
   * @param lists what holds the messages that wait
   */
  RedisWatch(RedisServer redis, List<String> lists, Timeline timeline, Clock clock) {
    this.redis = redis;
    this.lists = List.copyOf(lists);
    this.timeline = timeline;
    this.clock = clock;
    this.thread = new Thread(this::watch, "redis-watch");
    thread.setDaemon(true);
    thread.start();
  }

  /** How many messages were waiting a moment ago. */
  long waiting() {
    return waiting;
  }

  private void watch() {
    while (!Thread.currentThread().isInterrupted()) {
      look();
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void look() {
    long from = clock.millis();
    boolean answered = false;
    try {
      long sum = 0;
      for (String list : lists) {
        sum += redis.command("LLEN", list) instanceof Long length ? length : 0;
      }
      waiting = sum;
      answered = true;
    } catch (PeerUnavailableException | IllegalStateException e) {
      answered = false; // dead or loading: that is what we came to see
    }
    long to = clock.millis();
    if (!answered || to - from >= SLOW) {
      timeline.redisAway(new Span(from, to));
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
