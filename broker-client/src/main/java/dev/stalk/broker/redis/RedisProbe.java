package dev.stalk.broker.redis;

import static dev.stalk.broker.redis.RedisProbeVerdict.failed;
import static dev.stalk.broker.redis.RedisProbeVerdict.millis;
import static dev.stalk.broker.redis.RedisProbeVerdict.ok;
import static dev.stalk.broker.redis.RedisProbeVerdict.warning;

import dev.stalk.broker.transport.BrokerException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Tries out on one server what a client or worker does there. Its key and channel are named as a
 * result's, so that a user whose rights are limited to Celery's names can run it; the key expires.
 */
final class RedisProbe implements AutoCloseable {
  private static final int SEVERAL = 5;
  private static final int PINGS = 5;
  private static final Duration TOLERATED_OFFSET = Duration.ofSeconds(1);
  private static final String SCRIPT =
      "redis.call('SET', KEYS[1], ARGV[1], 'EX', 60) "
          + "local value = redis.call('GET', KEYS[1]) redis.call('DEL', KEYS[1]) return value";

  private final RedisUrl url;
  private final RedisConfig config;
  private final RedisPool pool;
  private final byte[] key;
  private final byte[] value =
      RedisKeys.bytes("{\"status\": \"PENDING\", \"result\": \"" + UUID.randomUUID() + "\"}");

  RedisProbe(RedisUrl url, RedisConfig config) {
    this.url = url;
    this.config = config;
    this.key = new RedisKeys(config.naming()).result("stalk-selftest-" + UUID.randomUUID());
    this.pool = new RedisPool(url, config);
  }

  RedisProbeVerdict ping() {
    pool.with(connection -> connection.call(Command.PING)); // connects
    return ok("%s answers in %s".formatted(url, millis(fastestPing())));
  }

  private long fastestPing() {
    long fastest = Long.MAX_VALUE;
    for (int i = 0; i < PINGS; i++) {
      long start = System.nanoTime();
      pool.with(connection -> connection.call(Command.PING));
      fastest = Math.min(fastest, System.nanoTime() - start);
    }
    return fastest;
  }

  RedisProbeInfo info() {
    return pool.with(
        connection -> RedisProbeInfo.parse(RedisKeys.text((byte[]) connection.call(Command.INFO))));
  }

  /** What the server is doing instead of serving, for a server that answers LOADING. */
  String loadingProgress() {
    try {
      return RedisProbeRules.loadingProgress(info());
    } catch (BrokerException e) {
      return "loading its data";
    }
  }

  RedisProbeVerdict key() {
    return pool.with(
        connection -> {
          Object stored =
              connection.call(Command.SET, key, value, word("EX"), RedisKeys.bytes(60), word("NX"));
          Object read = connection.call(Command.GET, key);
          Object lifetime = connection.call(Command.TTL, key);
          Object deleted = connection.call(Command.DEL, key);
          Object afterwards = connection.call(Command.GET, key);
          boolean same = stored != null && read instanceof byte[] b && Arrays.equals(b, value);
          if (!same || !(lifetime instanceof Long ttl) || ttl < 1) {
            return failed(
                "a key was not read as it was written", "look for a proxy that alters commands");
          }
          return deleted.equals(1L) && afterwards == null
              ? ok("a key was set for 60 s, read back the same and deleted")
              : failed("a key was not deleted", "look for a proxy that alters commands");
        });
  }

  RedisProbeVerdict connections() {
    int wanted = Math.min(SEVERAL, config.maxConnections());
    int distinct = takeAtOnce(wanted, new HashSet<>());
    return distinct == wanted
        ? ok("%d at once from a pool of at most %d".formatted(wanted, config.maxConnections()))
        : warning(
            "%d connections are %d at the server".formatted(wanted, distinct),
            "a proxy shares connections: subscriptions and transactions may not work through it");
  }

  private int takeAtOnce(int wanted, Set<Long> ids) {
    if (wanted == 0) {
      return ids.size();
    }
    return pool.with(
        connection -> {
          ids.add(connection.clientId());
          return takeAtOnce(wanted - 1, ids);
        });
  }

  RedisProbeVerdict script() {
    Object returned =
        pool.with(
            connection ->
                connection.call(Command.EVAL, word(SCRIPT), RedisKeys.bytes(1), key, value));
    return returned instanceof byte[] bytes && Arrays.equals(bytes, value)
        ? ok("a script may write, read and delete")
        : failed("a script did not return what it wrote", "look for a proxy that alters commands");
  }

  RedisProbeVerdict publishSubscribe() {
    return withOwn(
        "probe-subscriber",
        subscriber -> {
          subscriber.call(Command.SUBSCRIBE, key);
          long start = System.nanoTime();
          pool.with(publisher -> publisher.call(Command.PUBLISH, key, value));
          List<?> message = message(subscriber);
          if (message == null) {
            return failed(
                "no message came back in time", "look for a proxy that does not pass messages on");
          }
          return message.get(2) instanceof byte[] payload && Arrays.equals(payload, value)
              ? ok("a message came back in %s".formatted(millis(System.nanoTime() - start)))
              : failed("another message came back", "look for a proxy that alters messages");
        });
  }

  /**
   * What lets an idle worker wait without polling: a notice when a key it looked at has changed.
   */
  RedisProbeVerdict wakeUps() {
    return withOwn(
        "probe-subscriber",
        subscriber -> {
          long id = subscriber.clientId();
          subscriber.call(Command.SUBSCRIBE, word(RedisKeys.INVALIDATIONS));
          return withOwn("probe-tracker", tracker -> notice(subscriber, id, tracker));
        });
  }

  private RedisProbeVerdict notice(RedisConnection subscriber, long id, RedisConnection tracker) {
    try {
      tracker.call(
          Command.CLIENT,
          word("TRACKING"),
          word("ON"),
          word("REDIRECT"),
          RedisKeys.bytes(id),
          word("OPTIN"),
          word("NOLOOP"));
      tracker.call(Command.CLIENT, word("CACHING"), word("YES"));
    } catch (JedisDataException e) {
      return warning(
          "client tracking is refused (%s): workers look for messages by polling"
              .formatted(e.getMessage()),
          "allow the user CLIENT TRACKING and CLIENT CACHING, and connect without a proxy");
    }
    tracker.call(Command.GET, key);
    long start = System.nanoTime();
    pool.with(writer -> writer.call(Command.SET, key, value, word("EX"), RedisKeys.bytes(60)));
    List<?> message = message(subscriber);
    long took = System.nanoTime() - start;
    pool.with(writer -> writer.call(Command.DEL, key));
    if (message == null) {
      return warning(
          "a change was not announced: idle workers see messages when they look, some seconds late",
          "connect without a proxy");
    }
    return message.get(2) instanceof List<?> keys
            && keys.get(0) instanceof byte[] changed
            && Arrays.equals(changed, key)
        ? ok(
            "a change was announced in %s, so workers wait without polling".formatted(millis(took)))
        : failed("a change was announced wrongly", "look for a proxy that alters messages");
  }

  RedisProbeVerdict clock() {
    Instant before = Instant.now();
    List<?> parts = (List<?>) pool.with(connection -> connection.call(Command.TIME));
    Instant after = Instant.now();
    Instant server =
        Instant.ofEpochSecond(
            Long.parseLong(RedisKeys.text((byte[]) parts.get(0))),
            Long.parseLong(RedisKeys.text((byte[]) parts.get(1))) * 1000);
    Instant here = before.plus(Duration.between(before, after).dividedBy(2));
    return offset(Duration.between(here, server));
  }

  static RedisProbeVerdict offset(Duration offset) {
    String seconds = String.format(Locale.ROOT, "%.3f s", offset.abs().toMillis() / 1000.0);
    String shown =
        "the server's clock is %s %s of this machine's"
            .formatted(seconds, offset.isNegative() ? "behind" : "ahead");
    return offset.abs().compareTo(TOLERATED_OFFSET) > 0
        ? warning(
            shown + "; tasks with an ETA or expiry come too early or too late",
            "synchronise both clocks, by NTP for example")
        : ok(shown);
  }

  RedisProbeVerdict socketTimeout() {
    Duration timeout = config.socketTimeout();
    long fastest = fastestPing();
    String shown =
        "%s s for each answer, and no command of Stalk waits at the server"
            .formatted(timeout.toMillis() / 1000.0);
    return fastest > timeout.dividedBy(2).toNanos()
        ? warning(
            "%s; but an answer takes %s at best".formatted(shown, millis(fastest)),
            "raise the socket timeout (REDIS_SOCKET_TIMEOUT)")
        : ok(shown);
  }

  /** The server's {@code timeout}; only {@code CONFIG} tells it, which managed servers forbid. */
  RedisProbeVerdict idleTimeout() {
    List<?> setting;
    try {
      setting =
          (List<?>)
              pool.with(
                  connection -> connection.call(Command.CONFIG, word("GET"), word("timeout")));
    } catch (BrokerException e) {
      if (!(e.getCause() instanceof JedisDataException reply)) {
        throw e;
      }
      return warning(
          "CONFIG GET is not allowed (%s)".formatted(reply.getMessage()),
          "ask the operator whether the server's timeout setting is 0");
    }
    return setting.size() == 2
        ? RedisProbeRules.idleTimeout(RedisKeys.text((byte[]) setting.get(1)))
        : warning("the server does not tell its timeout setting", "see that it is 0");
  }

  private static byte[] word(String text) {
    return RedisKeys.bytes(text);
  }

  /** The next message; null if none comes within the socket timeout. */
  private static @Nullable List<?> message(RedisConnection subscriber) {
    try {
      return (List<?>) subscriber.read();
    } catch (JedisConnectionException e) {
      if (e.getCause() instanceof SocketTimeoutException) {
        return null;
      }
      throw e;
    }
  }

  /** Runs something on a connection that does not go back to the pool. */
  private RedisProbeVerdict withOwn(
      String role, Function<RedisConnection, RedisProbeVerdict> probe) {
    RedisConnection connection = null;
    try {
      connection = RedisConnection.open(url, config, role);
      return probe.apply(connection);
    } catch (RuntimeException e) {
      throw RedisErrors.translate(e, url);
    } finally {
      if (connection != null) {
        connection.cut();
      }
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
