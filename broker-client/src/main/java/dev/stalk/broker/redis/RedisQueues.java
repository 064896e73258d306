package dev.stalk.broker.redis;

import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import redis.clients.jedis.Protocol.Command;

/**
 * Finds the queues of a broker by the bindings that kombu's and Stalk's publishers and consumers
 * write. A queue that was only ever pushed to by hand is not found.
 */
public final class RedisQueues {
  private static final byte[] PAGE = RedisKeys.bytes(1000);

  private final RedisKeys keys;
  private final RedisConnection connection;
  private final SortedSet<String> queues = new TreeSet<>();

  private RedisQueues(RedisKeys keys, RedisConnection connection) {
    this.keys = keys;
    this.connection = connection;
  }

  /**
   * The names of all queues that are bound to an exchange, in order. Reads the whole key space
   * once, in small steps that do not hold up the server.
   *
   * @throws dev.stalk.broker.transport.BrokerException if the broker cannot be asked
   */
  public static SortedSet<String> discover(RedisConfig config) {
    try (RedisPool pool = new RedisPool(config.broker(), config)) {
      RedisKeys keys = new RedisKeys(config.naming());
      return pool.with(connection -> new RedisQueues(keys, connection).scan());
    }
  }

  private SortedSet<String> scan() {
    byte[] cursor = RedisKeys.bytes(0);
    do {
      List<?> page =
          (List<?>)
              connection.call(
                  Command.SCAN,
                  cursor,
                  RedisKeys.bytes("MATCH"),
                  pattern(keys.binding("")),
                  RedisKeys.bytes("COUNT"),
                  PAGE,
                  RedisKeys.bytes("TYPE"),
                  RedisKeys.bytes("set"));
      cursor = (byte[]) page.get(0);
      for (Object key : (List<?>) page.get(1)) {
        addQueues((byte[]) key);
      }
    } while (!RedisKeys.text(cursor).equals("0"));
    return Collections.unmodifiableSortedSet(queues);
  }

  private void addQueues(byte[] key) {
    String prefix = RedisKeys.text(keys.binding(""));
    if (isCelerysOwn(RedisKeys.text(key).substring(prefix.length()))) {
      return;
    }
    for (Object member : (List<?>) connection.call(Command.SMEMBERS, key)) {
      String[] parts = RedisKeys.text((byte[]) member).split(Pattern.quote(keys.separator()), -1);
      if (parts.length == 3 && !parts[2].isEmpty()) {
        queues.add(parts[2]);
      }
    }
  }

  /** A prefix may hold what a pattern reads as more than a character. */
  private static byte[] pattern(byte[] prefix) {
    return RedisKeys.bytes(RedisKeys.text(prefix).replaceAll("[\\[\\]*?\\\\^]", "\\\\$0") + "*");
  }

  /** Control commands, their replies, and events: no tasks go there. */
  private static boolean isCelerysOwn(String exchange) {
    return exchange.endsWith(".pidbox") || exchange.equals("celeryev");
  }
}
