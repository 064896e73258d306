package dev.stalk.broker.redis;

import java.util.List;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.SafeEncoder;

/** Asks the Sentinels of an address which server is the master now. */
final class SentinelQuery {
  private final RedisUrl url;
  private final RedisPlace.Sentinels sentinels;
  private final RedisConfig config;

  SentinelQuery(RedisUrl url, RedisPlace.Sentinels sentinels, RedisConfig config) {
    this.url = url;
    this.sentinels = sentinels;
    this.config = config;
  }

  /**
   * Asks one after the other until one knows (redis-py {@code sentinel.py:discover_master}).
   *
   * @throws JedisConnectionException if none does, saying why for each
   */
  RedisPlace.Server master() {
    String name = String.valueOf(sentinels.settings().masterName());
    StringBuilder answers = new StringBuilder();
    JedisException last = null;
    for (RedisPlace.Server sentinel : sentinels.addresses()) {
      answers.append(answers.isEmpty() ? "" : "; ").append(sentinel).append(": ");
      try {
        if (ask(sentinel, name) instanceof List<?> address && address.size() == 2) {
          return new RedisPlace.Server(
              RedisKeys.text((byte[]) address.get(0)),
              Integer.parseInt(RedisKeys.text((byte[]) address.get(1))));
        }
        answers.append("it does not know that name");
      } catch (JedisException e) {
        last = e;
        answers.append(RedisErrors.deepestReason(e));
      }
    }
    JedisConnectionException nobody =
        new JedisConnectionException(
            "no Sentinel tells where the master '%s' is (%s)".formatted(name, answers));
    if (last != null) {
      nobody.addSuppressed(last);
    }
    throw nobody;
  }

  private Object ask(RedisPlace.Server sentinel, String name) {
    RedisSentinel settings = sentinels.settings();
    RedisUrl address =
        new RedisUrl(
            sentinel,
            0,
            settings.user(),
            settings.password(),
            settings.tls() ? (url.tls() == null ? RedisTls.DEFAULT : url.tls()) : null,
            url.connectTimeout(),
            url.socketTimeout());
    RedisConnection connection = RedisConnection.open(address, config, "sentinel");
    try {
      return connection.call(
          () -> SafeEncoder.encode("SENTINEL"),
          RedisKeys.bytes("GET-MASTER-ADDR-BY-NAME"),
          RedisKeys.bytes(name));
    } finally {
      connection.cut();
    }
  }
}
