package dev.stalk.broker.redis;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import redis.clients.jedis.Protocol.Command;

/**
 * Finds the queues of a broker by the bindings that kombu's and Stalk's publishers and consumers
 * write. A queue that was only ever pushed to by hand is not found.
 */
public final class RedisQueues {
  private static final byte[] PATTERN = RedisKeys.binding("*");
  private static final byte[] PAGE = RedisKeys.bytes(1000);

  private static final int PREFIX = RedisKeys.binding("").length;

  private RedisQueues() {}

  /**
   * The names of all queues that are bound to an exchange, in order. Reads the whole key space
   * once, in small steps that do not hold up the server.
   *
   * @throws dev.stalk.broker.transport.BrokerException if the broker cannot be asked
   */
  public static SortedSet<String> discover(RedisConfig config) {
    try (RedisPool pool = new RedisPool(config.broker(), config)) {
      return pool.with(RedisQueues::scan);
    }
  }

  private static SortedSet<String> scan(RedisConnection connection) {
    SortedSet<String> queues = new TreeSet<>();
    byte[] cursor = RedisKeys.bytes(0);
    do {
      List<?> page =
          (List<?>)
              connection.call(
                  Command.SCAN,
                  cursor,
                  RedisKeys.bytes("MATCH"),
                  PATTERN,
                  RedisKeys.bytes("COUNT"),
                  PAGE,
                  RedisKeys.bytes("TYPE"),
                  RedisKeys.bytes("set"));
      cursor = (byte[]) page.get(0);
      for (Object key : (List<?>) page.get(1)) {
        addQueues(connection, (byte[]) key, queues);
      }
    } while (!RedisKeys.text(cursor).equals("0"));
    return Collections.unmodifiableSortedSet(queues);
  }

  private static void addQueues(RedisConnection connection, byte[] key, Set<String> queues) {
    if (isCelerysOwn(RedisKeys.text(key).substring(PREFIX))) {
      return;
    }
    for (Object member : (List<?>) connection.call(Command.SMEMBERS, key)) {
      String[] parts = RedisKeys.text((byte[]) member).split(RedisKeys.SEPARATOR, -1);
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
