package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Client tracking on one connection (D2): what it reads after {@link #allow} is announced on the
 * shared subscription at its next change by anybody else. Used by the connection's one thread.
 */
final class RedisTracking {
  private static final Logger log = LoggerFactory.getLogger(RedisTracking.class);

  private final String name;
  private final RedisWakeUps wakeUps;
  private final RedisUrl url;

  private boolean refused;

  /** The subscription notices are redirected to; -1 where tracking is off. */
  private int generation = -1;

  RedisTracking(String name, RedisWakeUps wakeUps, RedisUrl url) {
    this.name = name;
    this.wakeUps = wakeUps;
    this.url = url;
  }

  /** The connection is a new one, of which nothing has been asked yet. */
  void connected() {
    generation = -1;
  }

  /**
   * Turns tracking on if it is not yet.
   *
   * @return false while the subscription is away, and for ever where the server or a proxy refuses
   * @throws BrokerException if it is refused for a reason that passes
   */
  boolean on(RedisConnection connection) {
    if (refused) {
      return false;
    }
    RedisSubscriber subscriber;
    try {
      subscriber = wakeUps.subscriber();
    } catch (BrokerRefusedException e) {
      return refuse(e);
    }
    int current = subscriber.generation();
    long redirect = subscriber.clientId();
    if (redirect < 0) {
      return false; // being reconnected; it will wake us
    }
    return current == generation || redirect(connection, current, redirect);
  }

  private boolean redirect(RedisConnection connection, int current, long redirect) {
    try {
      if (generation >= 0) {
        connection.call(Command.CLIENT, RedisKeys.bytes("TRACKING"), RedisKeys.bytes("OFF"));
      }
      connection.call(
          Command.CLIENT,
          RedisKeys.bytes("TRACKING"),
          RedisKeys.bytes("ON"),
          RedisKeys.bytes("REDIRECT"),
          RedisKeys.bytes(redirect),
          RedisKeys.bytes("OPTIN"),
          RedisKeys.bytes("NOLOOP"));
      generation = current;
      return true;
    } catch (JedisDataException e) {
      if (e.getMessage() != null && e.getMessage().contains("does not exist")) {
        return false; // the subscriber has just gone; its successor will wake us
      }
      return refuse(RedisErrors.translate(e, url));
    }
  }

  /** The server tracks what the very next command reads, and only that; leaves an answer. */
  void allow(RedisConnection connection) {
    connection.write(Command.CLIENT, RedisKeys.bytes("CACHING"), RedisKeys.bytes("YES"));
  }

  /** To be called if the answer to {@link #allow} was an error. */
  void refuse(JedisDataException error) {
    refuse(RedisErrors.translate(error, url));
  }

  /** What passes by itself is thrown; what does not is remembered, and said once. */
  private boolean refuse(BrokerException e) {
    if (e.isRetryable()) {
      throw e;
    }
    refused = true;
    log.warn("{}: looking by polling, as client tracking is refused: {}", name, e.getMessage());
    return false;
  }

  /** Whether what was read after the last {@link #allow} will be announced. */
  boolean givesNotice() {
    return !refused && generation >= 0 && wakeUps.arrive(generation);
  }
}
