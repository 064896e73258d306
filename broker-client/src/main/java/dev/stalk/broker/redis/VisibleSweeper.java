package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.UnackedEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Restores what was not acknowledged within the visibility timeout by the server's clock, whoever
 * holds it, under kombu's lock (kombu {@code transport/redis.py:QoS.restore_visible}). Unlike kombu
 * it goes on past an entry it cannot read, keeps a message that no queue is bound to, and watches a
 * Java line for a lease before it takes anything from it. Used by one thread at a time.
 */
final class VisibleSweeper {
  private static final Logger log = LoggerFactory.getLogger(VisibleSweeper.class);

  /** The list for entries of which not even the queue can be read: {@code unacked.quarantine}. */
  static final String QUARANTINE = "unacked";

  private static final int PAGE = 100;

  /** Shorter than kombu's five minutes: should we die meanwhile, Python waits no longer. */
  private static final Duration MUTEX = Duration.ofSeconds(30);

  /** The rest is left to the next sweep, before the lock expires. */
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(20);

  /** Until then a parked message that is due is left to those who return it on time. */
  private static final double PARKED_OVERDUE = 10;

  /** An entry of the index; its score as Redis writes it. */
  private record Entry(String tag, byte[] score) {
    double time() {
      return Double.parseDouble(RedisKeys.text(score));
    }
  }

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final Restorer restorer;
  private final Orphans orphans;
  private final Sightings sightings;

  /** Tags of what is kept and was reported. */
  private final Set<String> reported = new HashSet<>();

  VisibleSweeper(RedisConfig config, RedisKeys keys, RedisPool pool, Restorer restorer) {
    this.config = config;
    this.keys = keys;
    this.pool = pool;
    this.restorer = restorer;
    this.orphans = new Orphans(keys, pool);
    this.sightings = new Sightings(config.lease());
  }

  /** Returns how many entries were taken out of {@code unacked}. */
  int restoreVisible() {
    try {
      orphans.adopt();
      double ceiling = serverTime() - config.visibilityTimeout().toMillis() / 1000.0;
      if (visible(ceiling, 0, 1).isEmpty()) {
        sightings.clear();
        reported.clear();
        return 0;
      }
      RedisMutex mutex = new RedisMutex(pool, keys.unackedMutex(), MUTEX);
      return mutex.acquire() ? sweep(ceiling, mutex) : 0;
    } catch (RuntimeException e) {
      sightings.clear(); // nobody could renew while the broker was away
      throw e;
    }
  }

  /** We could renew no lease ourselves. From any thread. */
  void interrupt() {
    sightings.interrupt();
  }

  private int sweep(double ceiling, RedisMutex mutex) {
    try {
      return sweep(ceiling);
    } finally {
      mutex.release();
    }
  }

  /** Newest first, so that the oldest is pushed last and fetched first. */
  private int sweep(double ceiling) {
    long deadline = System.nanoTime() + LONGEST;
    Map<String, BindingTable> tables = new HashMap<>();
    Set<String> seen = new HashSet<>();
    int restored = 0;
    int kept = 0;
    List<Entry> page = visible(ceiling, 0, PAGE);
    while (!page.isEmpty() && System.nanoTime() - deadline < 0) {
      page.forEach(entry -> seen.add(entry.tag()));
      List<Restorer.Move> moves = moves(page, ceiling, tables);
      int made = Collections.frequency(restorer.restore(moves), true);
      restored += made;
      kept += page.size() - made;
      page = visible(ceiling, kept, PAGE);
    }
    sightings.retain(seen);
    reported.retainAll(seen);
    return restored;
  }

  private List<Restorer.Move> moves(
      List<Entry> page, double ceiling, Map<String, BindingTable> tables) {
    List<byte @Nullable []> values = restorer.values(page.stream().map(Entry::tag).toList());
    List<Restorer.Move> moves = new ArrayList<>();
    for (int i = 0; i < page.size(); i++) {
      Restorer.Move move = move(page.get(i), values.get(i), ceiling, tables);
      if (move != null) {
        moves.add(move);
      }
    }
    return moves;
  }

  private Restorer.@Nullable Move move(
      Entry entry, byte @Nullable [] value, double ceiling, Map<String, BindingTable> tables) {
    if (value == null) {
      return new Restorer.Move(entry.tag(), entry.score(), 0, new byte[0], List.of());
    }
    try {
      if (entry.tag().startsWith(RedisKeys.PARKED_TAG)) {
        return entry.time() > ceiling - PARKED_OVERDUE ? null : parked(entry, value);
      }
      if (entry.tag().startsWith(RedisKeys.HELD_TAG)
          && !sightings.isStill(entry.tag(), RedisKeys.text(entry.score()))) {
        return null;
      }
      return redelivery(entry, value, tables);
    } catch (MalformedMessageException e) {
      return quarantine(entry, value, String.valueOf(e.getMessage()));
    }
  }

  private Restorer.Move parked(Entry entry, byte[] value) {
    UnackedEntry unacked = UnackedEntry.ofOurs(value);
    return restorer.unchangedTo(
        unacked.routingKey(), entry.tag(), entry.score(), value.length, unacked.message());
  }

  private Restorer.@Nullable Move redelivery(
      Entry entry, byte[] value, Map<String, BindingTable> tables) {
    UnackedEntry unacked = UnackedEntry.parse(value);
    unacked.checkEnvelope();
    List<String> queues = queues(unacked, tables);
    if (queues.isEmpty()) {
      if (reported.add(entry.tag())) {
        log.error(
            "message {} is kept in unacked: no queue is bound to exchange '{}' for '{}'. Bind one,"
                + " and it is restored",
            entry.tag(),
            unacked.exchange(),
            unacked.routingKey());
      }
      return null;
    }
    return restorer.backTo(queues, entry.tag(), entry.score(), value.length, unacked.message());
  }

  private List<String> queues(UnackedEntry entry, Map<String, BindingTable> tables) {
    if (entry.exchange().isEmpty()) {
      if (entry.routingKey().isEmpty()) {
        throw new MalformedMessageException("it names neither an exchange nor a queue");
      }
      return List.of(entry.routingKey());
    }
    return tables
        .computeIfAbsent(entry.exchange(), exchange -> BindingTable.of(exchange, keys, pool))
        .queues(entry.routingKey());
  }

  /**
   * One such entry ends every sweep of Python workers, and keeps them from starting. Where a Java
   * line held it, its message goes to its own queue's quarantine, as {@link AbandonedSweeper} does.
   */
  private Restorer.Move quarantine(Entry entry, byte[] value, String reason) {
    UnackedEntry aside = aside(entry, value);
    String queue = aside.routingKey();
    log.error("{}.quarantine takes the entry {}: {}", queue, entry.tag(), reason);
    byte[] line = RedisQuarantine.entry(queue, reason, 1, aside.message());
    return new Restorer.Move(
        entry.tag(), entry.score(), value.length, line, List.of(keys.quarantine(queue)));
  }

  /** What is kept of it, and for which queue. */
  private static UnackedEntry aside(Entry entry, byte[] value) {
    if (entry.tag().startsWith(RedisKeys.HELD_TAG)) {
      try {
        return UnackedEntry.ofOurs(value);
      } catch (MalformedMessageException notOurs) {
        log.error("the entry {} is kept whole: {}", entry.tag(), notOurs.getMessage());
      }
    }
    return new UnackedEntry(value, "", QUARANTINE);
  }

  private double serverTime() {
    List<?> time = (List<?>) pool.with(connection -> connection.call(Command.TIME));
    return Double.parseDouble(RedisKeys.text((byte[]) time.get(0)))
        + Double.parseDouble(RedisKeys.text((byte[]) time.get(1))) / 1e6;
  }

  private List<Entry> visible(double ceiling, int offset, int limit) {
    List<?> answer =
        (List<?>)
            pool.with(
                connection ->
                    connection.call(
                        Command.ZREVRANGEBYSCORE,
                        keys.unackedIndex(),
                        RedisKeys.bytes(Double.toString(ceiling)),
                        RedisKeys.bytes(0),
                        RedisKeys.bytes("WITHSCORES"),
                        RedisKeys.bytes("LIMIT"),
                        RedisKeys.bytes(offset),
                        RedisKeys.bytes(limit)));
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < answer.size(); i += 2) {
      entries.add(new Entry(RedisKeys.text((byte[]) answer.get(i)), (byte[]) answer.get(i + 1)));
    }
    return entries;
  }
}
