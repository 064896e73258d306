package dev.stalk.broker.redis;

import dev.stalk.broker.transport.ParkedMessages;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * The timer of the parked messages: knows when the next one is due, waits exactly that long, and is
 * told when any worker parks something. Has a connection of its own. Used by one thread.
 *
 * <p>Who found something to do last time is on duty and comes on time; everybody else comes up to
 * {@link #OFF_DUTY} later, and is on duty from then on if nobody was. So one of many does the work,
 * and nobody waits for one that died.
 */
final class RedisParked implements ParkedMessages {
  private static final Logger log = LoggerFactory.getLogger(RedisParked.class);
  private static final RedisScript DUE = RedisScript.load("due.lua");
  private static final RedisScript UNPARK = RedisScript.load("unpark.lua");

  /** How many are returned in one step: two milliseconds of Redis's time or so. */
  private static final int PAGE = 500;

  /**
   * A message comes this much later than it is due, so that a worker whose idea of Redis's time is
   * as far off does not find it too early and park it again.
   */
  private static final String MARGIN_SECONDS = "0.005";

  /** How much later those come who are not on duty, at least and at most. */
  private static final Duration OFF_DUTY_MIN = Duration.ofMillis(40);

  private static final Duration OFF_DUTY = Duration.ofMillis(100);

  /** The shortest pause: where many are due one after the other, they return in batches. */
  private static final Duration BATCHING = Duration.ofMillis(10);

  private static final Duration SAFETY_LOOK = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(150);

  /** After how many seconds a message that its list refused is tried again. */
  private static final long RETRY_SECONDS = 10;

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisWakeUps wakeUps;
  private final Runnable wake;
  private final RedisTracking tracking;

  private @Nullable RedisConnection connection;
  private boolean onDuty;

  /** When the next one was due by our own monotonic clock, as far as we knew. */
  private long expected = Long.MAX_VALUE;

  /** What a look at the set of what is parked has shown; no {@code next} if there is nothing. */
  private record Look(List<String> due, @Nullable Duration next) {}

  RedisParked(RedisConfig config, RedisKeys keys, RedisWakeUps wakeUps, Runnable wake) {
    this.config = config;
    this.keys = keys;
    this.wakeUps = wakeUps;
    this.wake = wake;
    this.tracking = new RedisTracking("parked messages", wakeUps, config.broker());
    wakeUps.add(keys.parked(), wake);
  }

  @Override
  public Duration restoreDue() {
    try {
      return restoreDue(connected());
    } catch (RuntimeException e) {
      disconnect();
      throw RedisErrors.translate(e, config.broker());
    }
  }

  private Duration restoreDue(RedisConnection current) {
    boolean timely = System.nanoTime() - expected >= 0;
    int restored = 0;
    Look look = look(current);
    while (!look.due().isEmpty()) {
      restored += restore(current, look.due());
      look = look(current);
    }
    if (restored > 0) {
      onDuty = true;
    } else if (timely && !isImminent(look.next())) {
      onDuty = false; // somebody was faster
    }
    return pause(look.next());
  }

  /** What we came for is still there: we came a little early. */
  private static boolean isImminent(@Nullable Duration next) {
    return next != null && next.compareTo(BATCHING) < 0;
  }

  private Duration pause(@Nullable Duration next) {
    Duration longest = tracking.givesNotice() ? SAFETY_LOOK : POLL;
    expected =
        next == null
            ? Long.MAX_VALUE
            : System.nanoTime() + Math.min(next.toNanos(), Long.MAX_VALUE / 4);
    Duration pause = next == null || next.compareTo(longest) > 0 ? longest : next;
    if (onDuty) {
      return pause.compareTo(BATCHING) < 0 ? BATCHING : pause;
    }
    long spread = OFF_DUTY.minus(OFF_DUTY_MIN).toNanos();
    return pause.plus(OFF_DUTY_MIN).plusNanos(ThreadLocalRandom.current().nextLong(spread));
  }

  private RedisConnection connected() {
    RedisConnection current = connection;
    if (current == null) {
      current = RedisConnection.open(config.broker(), config, "parked");
      connection = current;
      tracking.connected();
    }
    return current;
  }

  /** Reads in a way that the next change of the set by anybody is announced. */
  private Look look(RedisConnection current) {
    List<byte[]> names = List.of(keys.parked());
    List<byte[]> arguments = List.of(RedisKeys.bytes(PAGE), RedisKeys.bytes(MARGIN_SECONDS));
    if (!tracking.on(current)) {
      return lookOf((List<?>) DUE.call(current, names, arguments));
    }
    tracking.allow(current);
    DUE.write(current, names, arguments);
    List<Object> answers = current.sendAndReadAll(2);
    if (answers.get(1) instanceof JedisNoScriptException) {
      tracking.allow(current);
      DUE.writeText(current, names, arguments);
      answers = current.sendAndReadAll(2);
    }
    if (answers.get(1) instanceof JedisDataException error) {
      throw error;
    }
    if (answers.get(0) instanceof JedisDataException error) {
      tracking.refuse(error);
    }
    return lookOf((List<?>) answers.get(1));
  }

  private static Look lookOf(List<?> answer) {
    List<String> due = new ArrayList<>();
    for (Object member : (List<?>) answer.get(0)) {
      due.add(RedisKeys.text((byte[]) member));
    }
    if (answer.size() == 1) {
      return new Look(due, null);
    }
    double seconds = Double.parseDouble(RedisKeys.text((byte[]) answer.get(1)));
    long nanos = (long) Math.min(seconds * 1e9, Long.MAX_VALUE / 8.0);
    return new Look(due, Duration.ofNanos(nanos));
  }

  /** In one step, the first to be due last, as that is then the first to be fetched. */
  private int restore(RedisConnection current, List<String> members) {
    List<byte[]> names =
        new ArrayList<>(List.of(keys.unacked(), keys.unackedIndex(), keys.parked()));
    List<String> lists = new ArrayList<>();
    List<byte[]> arguments = new ArrayList<>(1 + 4 * members.size());
    arguments.add(RedisKeys.bytes(RETRY_SECONDS));
    List<String> latestFirst = new ArrayList<>(members);
    Collections.reverse(latestFirst);
    for (String member : latestFirst) {
      ParkedEntry entry = ParkedEntry.parse(member);
      if (!lists.contains(entry.list())) {
        lists.add(entry.list());
        names.add(RedisKeys.bytes(entry.list()));
      }
      arguments.add(RedisKeys.bytes(member));
      arguments.add(RedisKeys.bytes(entry.tag()));
      arguments.add(RedisKeys.bytes(entry.closing()));
      arguments.add(RedisKeys.bytes(4 + lists.indexOf(entry.list())));
    }
    List<?> answer = (List<?>) UNPARK.call(current, names, arguments);
    if (answer.size() > 1) {
      log.error(
          "parked messages cannot return to their queue; trying again in {} s: {}",
          RETRY_SECONDS,
          RedisKeys.text((byte[]) answer.get(1)));
    }
    return Math.toIntExact((Long) answer.get(0));
  }

  private void disconnect() {
    RedisConnection current = connection;
    connection = null;
    if (current != null) {
      current.cut();
    }
  }

  @Override
  public void close() {
    wakeUps.remove(keys.parked(), wake);
    disconnect();
  }
}
