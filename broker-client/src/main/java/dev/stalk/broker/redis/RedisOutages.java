package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One line of log when a server goes away, and one with the length when it is back, however many
 * connections notice. An outage is over when everything that had noticed it works again; what is
 * only used now and then, the shared pool, is not waited for. A connection that was merely cut, and
 * could be made again at once, is no outage. Thread-safe.
 */
final class RedisOutages {
  private static final Logger log = LoggerFactory.getLogger(RedisOutages.class);

  private final String server;
  private final LongSupplier nanoTime;
  private final Consumer<String> lines;

  // guarded by this
  private final Set<Part> away = new HashSet<>();
  private boolean open;
  private boolean seenBack;
  private long since;
  private long lastEnd;

  /**
   * Knows of no outage yet.
   *
   * @param server what the log calls it
   * @param nanoTime the clock
   */
  RedisOutages(String server, LongSupplier nanoTime) {
    this(server, nanoTime, line -> {});
  }

  /** Hands each line to somebody besides the log. */
  RedisOutages(String server, LongSupplier nanoTime, Consumer<String> lines) {
    this.lines = lines;
    this.server = server;
    this.nanoTime = nanoTime;
    this.lastEnd = nanoTime.getAsLong();
  }

  /** Something that tries again and again, such as a queue's line. */
  Part persistent() {
    return new Part(true);
  }

  /** Something that is used when somebody asks. */
  Part occasional() {
    return new Part(false);
  }

  private void began(Part part, long began, String message) {
    if (!open) {
      open = true;
      seenBack = false;
      since = began;
      log.error("outage: {}", message);
      lines.accept("outage: " + message);
    }
    away.add(part);
  }

  private void ended(Part part) {
    if (away.remove(part)) {
      seenBack = true;
      closeIfOver();
    }
  }

  private void gaveUp(Part part) {
    away.remove(part);
    closeIfOver();
  }

  private void closeIfOver() {
    if (!open || !seenBack || away.stream().anyMatch(part -> part.persistent)) {
      return;
    }
    open = false;
    away.clear();
    lastEnd = nanoTime.getAsLong();
    Duration length = Duration.ofNanos(lastEnd - since);
    log.info("outage over: {} is back after {}", server, length);
    lines.accept("outage over: %s is back after %s".formatted(server, length));
  }

  /** What one user of the server sees of it. */
  final class Part {
    private final boolean persistent;

    /** In a row; written under the monitor. */
    private volatile int failures;

    private long first; // guarded by the monitor

    private Part(boolean persistent) {
      this.persistent = persistent;
    }

    /** To be taken before an attempt, and handed to {@link #failed}. */
    long start() {
      return nanoTime.getAsLong();
    }

    /**
     * An attempt failed.
     *
     * @param started when it was begun
     */
    void failed(RuntimeException error, long started) {
      boolean reply = error.getCause() instanceof JedisDataException;
      if (!(error instanceof BrokerUnavailableException)
          || (reply && !persistent && !RedisErrors.isLoading(error))) {
        return; // by READONLY, for example, other uses of the pool are not stopped
      }
      synchronized (RedisOutages.this) {
        if (started - lastEnd < 0) {
          return; // it tells of the outage that has just ended
        }
        if (failures == 0) {
          first = nanoTime.getAsLong();
        }
        failures++;
        if (failures > 1 || !RedisErrors.isCut(error)) {
          began(this, first, String.valueOf(error.getMessage()));
        }
      }
    }

    /** No attempt will be made any more. That says nothing of the server. */
    void gaveUp() {
      synchronized (RedisOutages.this) {
        failures = 0;
        RedisOutages.this.gaveUp(this);
      }
    }

    /** An attempt succeeded. */
    void passed() {
      if (failures > 0) {
        synchronized (RedisOutages.this) {
          failures = 0;
          ended(this);
        }
      }
    }
  }
}
