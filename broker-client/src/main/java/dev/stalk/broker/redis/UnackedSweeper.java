package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.codec.UnackedEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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
  private final RedisPool pool;
  private final Map<String, Sighting> sightings = new HashMap<>();

  UnackedSweeper(RedisConfig config, RedisPool pool) {
    this.config = config;
    this.pool = pool;
  }

  int restoreDue() {
    int restored = 0;
    for (Entry entry : entriesOlderThan(config.visibilityTimeout(), RedisKeys.PARKED_TAG)) {
      restored += restore(entry, false) ? 1 : 0;
    }
    return restored;
  }

  /**
   * A message counts as abandoned when this process has itself seen its score stand still for a
   * whole lease. So neither a clock that is off nor a Redis that was away makes work that goes on
   * look abandoned.
   */
  int restoreAbandoned() {
    try {
      long now = System.nanoTime();
      int restored = 0;
      Set<String> seen = new HashSet<>();
      for (Entry entry : entriesOlderThan(config.lease().dividedBy(2), RedisKeys.HELD_TAG)) {
        seen.add(entry.tag());
        String score = RedisKeys.text(entry.score());
        Sighting sighting = sightings.get(entry.tag());
        if (sighting == null || !sighting.score().equals(score)) {
          sightings.put(entry.tag(), new Sighting(score, now));
        } else if (now - sighting.since() >= config.lease().toNanos()) {
          restored += restore(entry, true) ? 1 : 0;
        }
      }
      sightings.keySet().retainAll(seen);
      return restored;
    } catch (RuntimeException e) {
      sightings.clear(); // nobody could renew while the broker was away
      throw e;
    }
  }

  private List<Entry> entriesOlderThan(Duration age, String prefix) {
    return pool.repeatable(
        connection -> {
          List<Entry> entries = new ArrayList<>();
          List<?> time = (List<?>) connection.call(Command.TIME);
          double now = Double.parseDouble(RedisKeys.text((byte[]) time.get(0)));
          byte[] max = RedisKeys.bytes(Double.toString(now - age.toMillis() / 1000.0));
          List<?> page;
          int offset = 0;
          do {
            page = page(connection, max, offset);
            for (int i = 0; i < page.size(); i += 2) {
              String tag = RedisKeys.text((byte[]) page.get(i));
              if (tag.startsWith(prefix)) {
                entries.add(new Entry(tag, (byte[]) page.get(i + 1)));
              }
            }
            offset += PAGE;
          } while (page.size() == 2 * PAGE);
          return entries;
        });
  }

  private static List<?> page(RedisConnection connection, byte[] max, int offset) {
    return (List<?>)
        connection.call(
            Command.ZRANGEBYSCORE,
            RedisKeys.UNACKED_INDEX,
            RedisKeys.bytes("-inf"),
            max,
            RedisKeys.bytes("WITHSCORES"),
            RedisKeys.bytes("LIMIT"),
            RedisKeys.bytes(offset),
            RedisKeys.bytes(PAGE));
  }

  private boolean restore(Entry entry, boolean redelivered) {
    byte[] tag = RedisKeys.bytes(entry.tag());
    byte[] value = pool.repeatable(c -> (byte[]) c.call(Command.HGET, RedisKeys.UNACKED, tag));
    UnackedEntry unacked = value == null ? null : parse(entry, value);
    if (value == null || unacked == null) {
      return false;
    }
    byte[] message = redelivered ? Redelivery.mark(unacked.message()) : unacked.message();
    byte[] list = RedisKeys.list(unacked.routingKey(), MessageCodec.priority(message));
    Object done =
        pool.with(
            connection ->
                RESTORE.call(
                    connection,
                    List.of(RedisKeys.UNACKED, RedisKeys.UNACKED_INDEX, list),
                    List.of(tag, value, entry.score(), message)));
    return done.equals(1L);
  }

  private static @Nullable UnackedEntry parse(Entry entry, byte[] value) {
    try {
      return UnackedEntry.parse(value);
    } catch (MalformedMessageException e) {
      log.error("cannot restore {}: {}", entry.tag(), e.getMessage());
      return null;
    }
  }
}
