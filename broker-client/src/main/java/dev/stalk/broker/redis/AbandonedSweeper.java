package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.UnackedEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * Returns what Java holders held that have given no sign of life for a lease (D3). It asks for the
 * few holders, and only if one is silent for what it held, so that a million parked messages cost
 * it nothing. Used by one thread at a time.
 *
 * <p>Of many workers one does it: it claims the silent holder by giving a sign of life for it.
 * Should that worker die too, the holder is silent again, and the next one claims it a lease later.
 */
final class AbandonedSweeper {
  private static final Logger log = LoggerFactory.getLogger(AbandonedSweeper.class);
  private static final RedisScript CLAIM = RedisScript.load("claim.lua");
  private static final int PAGE = 500;

  /** How many messages are read at a time. */
  private static final int MOVES = 100;

  /** A holder and its last sign of life, as Redis writes it. */
  private record Holder(String name, byte[] score) {
    double time() {
      return Double.parseDouble(RedisKeys.text(score));
    }
  }

  /** A held message and when it was last renewed, as Redis writes it. */
  private record Entry(String tag, byte[] score) {
    double time() {
      return Double.parseDouble(RedisKeys.text(score));
    }
  }

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final Restorer restorer;
  private final Sightings sightings;

  AbandonedSweeper(RedisConfig config, RedisKeys keys, RedisPool pool, Restorer restorer) {
    this.config = config;
    this.keys = keys;
    this.pool = pool;
    this.restorer = restorer;
    this.sightings = new Sightings(config.lease());
  }

  /**
   * Returns how many messages were restored. To be called several times in a lease: after a pause
   * of half a lease and more it begins to look on anew.
   */
  int restoreAbandoned() {
    sightings.lookOn();
    try {
      Map<String, Holder> claimed = new HashMap<>();
      double earliest = Double.MAX_VALUE;
      for (Holder holder : silentHolders()) {
        byte[] score = claim(holder, "claim");
        if (score != null) {
          claimed.put(holder.name(), new Holder(holder.name(), score));
          earliest = Math.min(earliest, holder.time());
        }
      }
      return claimed.isEmpty() ? 0 : restore(claimed, earliest);
    } catch (RuntimeException e) {
      sightings.clear(); // nobody could give a sign of life while the broker was away
      throw e;
    }
  }

  /** We could give no sign of life ourselves. From any thread. */
  void interrupt() {
    sightings.interrupt();
  }

  private List<Holder> silentHolders() {
    List<?> answer =
        (List<?>)
            pool.with(
                connection ->
                    connection.call(
                        Command.ZRANGE,
                        keys.holders(),
                        RedisKeys.bytes(0),
                        RedisKeys.bytes(-1),
                        RedisKeys.bytes("WITHSCORES")));
    List<Holder> silent = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < answer.size(); i += 2) {
      Holder holder =
          new Holder(RedisKeys.text((byte[]) answer.get(i)), (byte[]) answer.get(i + 1));
      names.add(holder.name());
      if (sightings.isStill(holder.name(), RedisKeys.text(holder.score()))) {
        silent.add(holder);
      }
    }
    sightings.retain(names);
    return silent;
  }

  private byte @Nullable [] claim(Holder holder, String what) {
    List<byte[]> arguments =
        List.of(RedisKeys.bytes(holder.name()), holder.score(), RedisKeys.bytes(what));
    return (byte[]) pool.with(c -> CLAIM.call(c, List.of(keys.holders()), arguments));
  }

  /**
   * What a holder held was renewed until shortly before its last sign of life, or fetched shortly
   * after it: so it is found by its score, among the parked messages that happen to lie there.
   */
  private int restore(Map<String, Holder> claimed, double earliest) {
    double lease = config.lease().toMillis() / 1000.0;
    double now = claimed.values().stream().mapToDouble(Holder::time).max().orElseThrow();
    Map<String, Holder> done = new HashMap<>(claimed);
    List<Entry> abandoned = new ArrayList<>();
    for (Entry entry : held(Math.max(0, earliest - lease), now)) {
      String holder = RedisKeys.holder(entry.tag());
      if (!claimed.containsKey(holder)) {
        continue;
      }
      if (entry.time() > now - lease / 2) {
        done.remove(holder); // it lives after all, or had just fetched this
      } else {
        abandoned.add(entry);
      }
    }
    Collections.reverse(abandoned); // the oldest is pushed last, and fetched first
    int restored = 0;
    for (int i = 0; i < abandoned.size(); i += MOVES) {
      restored += restore(abandoned.subList(i, Math.min(abandoned.size(), i + MOVES)));
    }
    if (restored == abandoned.size()) {
      done.values().forEach(holder -> claim(holder, "strike"));
    }
    return restored;
  }

  private List<Entry> held(double from, double to) {
    List<Entry> held = new ArrayList<>();
    List<?> page;
    int offset = 0;
    do {
      page = page(from, to, offset);
      offset += PAGE;
      for (int i = 0; i < page.size(); i += 2) {
        String tag = RedisKeys.text((byte[]) page.get(i));
        if (tag.startsWith(RedisKeys.HELD_TAG)) {
          held.add(new Entry(tag, (byte[]) page.get(i + 1)));
        }
      }
    } while (page.size() == 2 * PAGE);
    return held;
  }

  private List<?> page(double from, double to, int offset) {
    return (List<?>)
        pool.with(
            connection ->
                connection.call(
                    Command.ZRANGEBYSCORE,
                    keys.unackedIndex(),
                    RedisKeys.bytes(Double.toString(from)),
                    RedisKeys.bytes(Double.toString(to)),
                    RedisKeys.bytes("WITHSCORES"),
                    RedisKeys.bytes("LIMIT"),
                    RedisKeys.bytes(offset),
                    RedisKeys.bytes(PAGE)));
  }

  private int restore(List<Entry> entries) {
    List<Restorer.Move> moves = new ArrayList<>();
    List<byte @Nullable []> values = restorer.values(entries.stream().map(Entry::tag).toList());
    for (int i = 0; i < values.size(); i++) {
      Entry entry = entries.get(i);
      byte[] value = values.get(i);
      if (value != null) {
        try {
          moves.add(move(entry, value));
        } catch (MalformedMessageException e) {
          log.error("cannot restore {}: {}", entry.tag(), e.getMessage());
        }
      }
    }
    return Collections.frequency(restorer.restore(moves), true);
  }

  /**
   * The fetch looked at the envelope's shape only. What Python could not read must not come back to
   * where Python might fetch it: it would end that worker.
   */
  private Restorer.Move move(Entry entry, byte[] value) {
    UnackedEntry ours = UnackedEntry.ofOurs(value);
    String queue = ours.routingKey();
    try {
      ours.checkEnvelope();
    } catch (MalformedMessageException e) {
      log.error("{}.quarantine takes the message {}: {}", queue, entry.tag(), e.getMessage());
      byte[] line = RedisQuarantine.entry(queue, String.valueOf(e.getMessage()), 1, ours.message());
      return new Restorer.Move(
          entry.tag(), entry.score(), value.length, line, List.of(keys.quarantine(queue)));
    }
    return restorer.backTo(
        List.of(queue), entry.tag(), entry.score(), value.length, ours.message());
  }
}
