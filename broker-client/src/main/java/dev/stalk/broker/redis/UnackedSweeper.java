package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.codec.UnackedEntry;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Looks through {@code unacked_index} for messages that must return to their queues: parked ones
 * that are due, and ones whose Java holder has stopped renewing. Entries of Python workers are left
 * to Python. Used by one thread at a time.
 */
final class UnackedSweeper {
  private static final Logger log = LoggerFactory.getLogger(UnackedSweeper.class);
  private static final RedisScript RESTORE = RedisScript.load("restore.lua");
  private static final int PAGE = 500;

  private record Entry(String tag, byte[] score) {}

  /** A score that has not moved since this moment of our clock. */
  private record Sighting(String score, long since) {}

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final Map<String, Sighting> sightings = new HashMap<>();

  UnackedSweeper(RedisConfig config, RedisKeys keys, RedisPool pool) {
    this.config = config;
    this.keys = keys;
    this.pool = pool;
  }

  int restoreDue() {
    int restored = 0;
    for (Entry entry : parkedAndDue()) {
      restored += restoreSafely(entry, false);
    }
    return restored;
  }

  /**
   * A message counts as abandoned when this process has itself seen its score stand still for a
   * whole lease. So neither a clock that is off nor a Redis that was away makes work that goes on
   * look abandoned.
   */
  int restoreAbandoned() {
    List<Entry> silent;
    try {
      silent = heldAndSilent();
    } catch (RuntimeException e) {
      sightings.clear(); // nobody could renew while the broker was away
      throw e;
    }
    long now = System.nanoTime();
    int restored = 0;
    Set<String> seen = new HashSet<>();
    for (Entry entry : silent) {
      seen.add(entry.tag());
      String score = RedisKeys.text(entry.score());
      Sighting sighting = sightings.get(entry.tag());
      if (sighting == null || !sighting.score().equals(score)) {
        sightings.put(entry.tag(), new Sighting(score, now));
      } else if (now - sighting.since() >= config.lease().toNanos()) {
        restored += restoreSafely(entry, true);
      }
    }
    sightings.keySet().retainAll(seen);
    return restored;
  }

  /** One entry that cannot be restored must not keep the others. */
  private int restoreSafely(Entry entry, boolean redelivered) {
    try {
      return restore(entry, redelivered) ? 1 : 0;
    } catch (BrokerUnavailableException e) {
      throw e;
    } catch (RuntimeException e) {
      log.error("cannot restore {}: {}", entry.tag(), e.getMessage());
      return 0;
    }
  }

  private List<Entry> parkedAndDue() {
    return pool.repeatable(
        connection -> {
          List<Entry> entries = new ArrayList<>();
          byte[] max = RedisKeys.bytes(secondsAgo(connection, config.visibilityTimeout()));
          List<?> page;
          int offset = 0;
          do {
            page = page(connection, max, offset);
            add(page, RedisKeys.PARKED_TAG, Double.MAX_VALUE, entries);
            offset += PAGE;
          } while (page.size() == 2 * PAGE);
          return entries;
        });
  }

  /**
   * Held entries whose last sign of life is half a lease old. A scan, as by score they would stand
   * behind every task that is parked for less than a visibility timeout, and there may be a
   * million.
   */
  private List<Entry> heldAndSilent() {
    return pool.with(
        connection -> {
          List<Entry> entries = new ArrayList<>();
          double max = Double.parseDouble(secondsAgo(connection, config.lease().dividedBy(2)));
          byte[] cursor = RedisKeys.bytes(0);
          do {
            List<?> answer = (List<?>) scan(connection, cursor);
            cursor = (byte[]) answer.get(0);
            add((List<?>) answer.get(1), RedisKeys.HELD_TAG, max, entries);
          } while (!RedisKeys.text(cursor).equals("0"));
          return entries;
        });
  }

  private Object scan(RedisConnection connection, byte[] cursor) {
    return connection.call(
        Command.ZSCAN,
        keys.unackedIndex(),
        cursor,
        RedisKeys.bytes("MATCH"),
        RedisKeys.bytes(RedisKeys.HELD_TAG + "*"),
        RedisKeys.bytes("COUNT"),
        RedisKeys.bytes(PAGE));
  }

  private static void add(List<?> tagsAndScores, String prefix, double max, List<Entry> entries) {
    for (int i = 0; i < tagsAndScores.size(); i += 2) {
      String tag = RedisKeys.text((byte[]) tagsAndScores.get(i));
      byte[] score = (byte[]) tagsAndScores.get(i + 1);
      if (tag.startsWith(prefix) && Double.parseDouble(RedisKeys.text(score)) <= max) {
        entries.add(new Entry(tag, score));
      }
    }
  }

  /** The server's time less an age, in seconds. */
  private static String secondsAgo(RedisConnection connection, Duration age) {
    List<?> time = (List<?>) connection.call(Command.TIME);
    double now =
        Double.parseDouble(RedisKeys.text((byte[]) time.get(0)))
            + Double.parseDouble(RedisKeys.text((byte[]) time.get(1))) / 1e6;
    return Double.toString(now - age.toMillis() / 1000.0);
  }

  private List<?> page(RedisConnection connection, byte[] max, int offset) {
    return (List<?>)
        connection.call(
            Command.ZRANGEBYSCORE,
            keys.unackedIndex(),
            RedisKeys.bytes("-inf"),
            max,
            RedisKeys.bytes("WITHSCORES"),
            RedisKeys.bytes("LIMIT"),
            RedisKeys.bytes(offset),
            RedisKeys.bytes(PAGE));
  }

  private boolean restore(Entry entry, boolean redelivered) {
    byte[] tag = RedisKeys.bytes(entry.tag());
    byte[] value = pool.repeatable(c -> (byte[]) c.call(Command.HGET, keys.unacked(), tag));
    if (value == null) {
      return false;
    }
    UnackedEntry unacked = UnackedEntry.ofOurs(value);
    byte[] message = redelivered ? Redelivery.mark(unacked.message()) : unacked.message();
    byte[] list = keys.list(unacked.routingKey(), MessageCodec.priority(message));
    Object done =
        pool.with(
            connection ->
                RESTORE.call(
                    connection,
                    List.of(keys.unacked(), keys.unackedIndex(), list),
                    List.of(tag, value, entry.score(), message)));
    return done.equals(1L);
  }
}
