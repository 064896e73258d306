package dev.stalk.broker.redis;

import redis.clients.jedis.Protocol.Command;

/**
 * Declares a queue as Celery does one it was not told about: bound to the direct exchange of its
 * own name by its own name (kombu {@code transport/redis.py:Channel._queue_bind}).
 */
final class RedisBindings {
  /** How many answers {@link #write} leaves to be read. */
  static final int ANSWERS = 2;

  private RedisBindings() {}

  static void write(RedisConnection connection, RedisKeys keys, String queue) {
    byte[] member = keys.directMember(queue, queue);
    connection.write(Command.SADD, keys.binding(queue), member);
    connection.write(Command.SADD, keys.permanentBinding(queue), member);
  }
}
