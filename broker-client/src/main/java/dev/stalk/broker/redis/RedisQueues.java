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
    String prefix = RedisKeys.text(keys.binding(""));
    new RedisScan(connection).keys(prefix, "", "set").forEach(this::addQueues);
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

  /** Control commands, their replies, and events: no tasks go there. */
  private static boolean isCelerysOwn(String exchange) {
    return exchange.endsWith(".pidbox") || exchange.equals("celeryev");
  }
}
