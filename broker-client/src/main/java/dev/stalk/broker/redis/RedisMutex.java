package dev.stalk.broker.redis;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import redis.clients.jedis.Protocol.Command;

/**
 * Kombu's lock around restoring (kombu {@code transport/redis.py:Mutex}): never waited for, let go
 * by its owner only, and by itself after a while. What it guards is safe without it; it only saves
 * many workers doing the same. Used by one thread.
 */
final class RedisMutex {
  private static final RedisScript RELEASE = RedisScript.load("release.lua");

  private final RedisPool pool;
  private final byte[] key;
  private final Duration expiry;
  private final byte[] token = RedisKeys.bytes(UUID.randomUUID().toString().replace("-", ""));

  RedisMutex(RedisPool pool, byte[] key, Duration expiry) {
    this.pool = pool;
    this.key = key;
    this.expiry = expiry;
  }

  /** False if somebody has it. */
  boolean acquire() {
    return pool.with(
            connection ->
                connection.call(
                    Command.SET,
                    key,
                    token,
                    RedisKeys.bytes("NX"),
                    RedisKeys.bytes("PX"),
                    RedisKeys.bytes(expiry.toMillis())))
        != null;
  }

  /** Does nothing if it has expired, or is somebody else's by now. */
  void release() {
    Object unused = pool.with(c -> RELEASE.call(c, List.of(key), List.of(token)));
  }
}
