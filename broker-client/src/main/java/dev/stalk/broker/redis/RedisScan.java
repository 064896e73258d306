package dev.stalk.broker.redis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.Protocol.Command;

/**
 * Looks through the whole key space, in small steps that do not hold up the server. For one thread.
 */
final class RedisScan {
  private static final byte[] PAGE = RedisKeys.bytes(1000);

  private final RedisConnection connection;

  RedisScan(RedisConnection connection) {
    this.connection = connection;
  }

  /**
   * The keys of this type between these two texts, each once, in no order. Keys that come or go
   * meanwhile may be there or not.
   */
  List<byte[]> keys(String prefix, String suffix, String type) {
    Map<String, byte[]> found = new LinkedHashMap<>();
    byte[] cursor = RedisKeys.bytes(0);
    do {
      List<?> page =
          (List<?>)
              connection.call(
                  Command.SCAN,
                  cursor,
                  RedisKeys.bytes("MATCH"),
                  RedisKeys.bytes(literal(prefix) + "*" + literal(suffix)),
                  RedisKeys.bytes("COUNT"),
                  PAGE,
                  RedisKeys.bytes("TYPE"),
                  RedisKeys.bytes(type));
      cursor = (byte[]) page.get(0);
      for (Object key : (List<?>) page.get(1)) {
        found.put(RedisKeys.text((byte[]) key), (byte[]) key);
      }
    } while (!RedisKeys.text(cursor).equals("0"));
    return new ArrayList<>(found.values());
  }

  /** A prefix may hold what a pattern reads as more than a character. */
  private static String literal(String text) {
    return text.replaceAll("[\\[\\]*?\\\\^]", "\\\\$0");
  }
}
