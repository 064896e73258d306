package dev.stalk.broker.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;

/**
 * The lines of this process that hold messages, and their signs of life at the broker. A holder is
 * entered before it fetches anything, so that what it holds is found again when it falls silent
 * without a look at everything that is held or parked. Thread-safe.
 */
final class RedisHolders {
  private static final Logger log = LoggerFactory.getLogger(RedisHolders.class);
  private static final RedisScript RENEW = RedisScript.load("renew.lua");
  private static final int PAGE = 1000;

  private final RedisKeys keys;
  private final RedisPool pool;
  private final Set<String> alive = ConcurrentHashMap.newKeySet();

  RedisHolders(RedisKeys keys, RedisPool pool) {
    this.keys = keys;
    this.pool = pool;
  }

  /** A line is connected, and will fetch on this connection. */
  void enter(RedisConnection connection, String holder) {
    alive.add(holder);
    RENEW.call(connection, names(), arguments(List.of(holder), List.of()));
  }

  /** A line ends and holds nothing. If that cannot be noted, others find out. */
  void leave(RedisConnection connection, String holder) {
    alive.remove(holder);
    try {
      connection.call(Command.ZREM, keys.holders(), RedisKeys.bytes(holder));
    } catch (RuntimeException e) {
      log.debug("holder {} could not be struck off: {}", holder, e.getMessage());
    }
  }

  /** A line ends and may hold something: others will find it. */
  void fallSilent(String holder) {
    alive.remove(holder);
  }

  /**
   * Gives a sign of life of every holder and renews the lease on these messages.
   *
   * @return the tags that are no longer held
   */
  List<String> renew(List<String> tags) {
    List<String> holders = List.copyOf(alive);
    List<String> gone = new ArrayList<>();
    int from = 0;
    do {
      List<String> page = tags.subList(from, Math.min(tags.size(), from + PAGE));
      List<byte[]> arguments = arguments(from == 0 ? holders : List.of(), page);
      Object lost = pool.repeatable(connection -> RENEW.call(connection, names(), arguments));
      for (Object tag : (List<?>) lost) {
        gone.add(RedisKeys.text((byte[]) tag));
      }
      from += PAGE;
    } while (from < tags.size());
    return gone;
  }

  private List<byte[]> names() {
    return List.of(keys.unackedIndex(), keys.holders());
  }

  private static List<byte[]> arguments(List<String> holders, List<String> tags) {
    List<byte[]> arguments = new ArrayList<>(1 + holders.size() + tags.size());
    arguments.add(RedisKeys.bytes(holders.size()));
    holders.forEach(holder -> arguments.add(RedisKeys.bytes(holder)));
    tags.forEach(tag -> arguments.add(RedisKeys.bytes(tag)));
    return arguments;
  }
}
