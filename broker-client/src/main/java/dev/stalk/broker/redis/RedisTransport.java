package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Transport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.Protocol.Command;

/**
 * Celery's Redis broker and result backend (kombu {@code transport/redis.py}, celery {@code
 * backends/redis.py}). One shared pool for short calls, one line per consumed queue, one subscribed
 * connection per server. Needs Redis 6.2 or later. Thread-safe.
 */
public final class RedisTransport implements Transport {
  private static final RedisScript RENEW = RedisScript.load("renew.lua");
  private static final int PIPELINE = 1000;
  private static final int PUSH = 100;
  private static final int RENEWALS = 1000;
  private static final long PING_SECONDS = 10;
  private static final long COUNTED_SECONDS = 7 * 86_400;

  /**
   * Pauses before each retry of a publish, in milliseconds (celery {@code
   * task_publish_retry_policy}).
   */
  private static final long[] RETRY_PAUSES = {0, 200, 400};

  private final RedisConfig config;
  private final RedisPool pool;
  private final RedisPool resultPool;
  private final RedisSubscriber resultSubscriber;
  private final RedisSubscriber brokerSubscriber;
  private final RedisWakeUps wakeUps;
  private final RedisResults results;
  private final UnackedSweeper sweeper;
  private final ScheduledExecutorService watch;
  private final Set<String> declared = ConcurrentHashMap.newKeySet();

  private RedisTransport(RedisConfig config) {
    this.config = config;
    boolean shared = config.results().sameServer(config.broker());
    pool = new RedisPool(config.broker(), config);
    resultPool =
        config.results().equals(config.broker()) ? pool : new RedisPool(config.results(), config);
    brokerSubscriber = new RedisSubscriber(config.broker(), config);
    resultSubscriber = shared ? brokerSubscriber : new RedisSubscriber(config.results(), config);
    wakeUps = new RedisWakeUps(brokerSubscriber);
    results = new RedisResults(config, resultPool, resultSubscriber);
    sweeper = new UnackedSweeper(config, pool);
    watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "stalk-redis-watch");
              thread.setDaemon(true);
              return thread;
            });
    var unused =
        watch.scheduleWithFixedDelay(this::ping, PING_SECONDS, PING_SECONDS, TimeUnit.SECONDS);
  }

  /** Makes a transport; connections are made when they are needed. */
  public static RedisTransport open(RedisConfig config) {
    return new RedisTransport(config);
  }

  private void ping() {
    brokerSubscriber.ping();
    if (resultSubscriber != brokerSubscriber) {
      resultSubscriber.ping();
    }
  }

  /**
   * {@inheritDoc}
   *
   * <p>Retries as Celery does when the connection fails: three times, after 0, 0.2 and 0.4 seconds.
   * A message whose confirmation was lost is then sent again and may arrive twice.
   */
  @Override
  public void publish(List<Publication> publications) {
    int[] confirmed = {0};
    for (int attempt = 0; ; attempt++) {
      try {
        while (confirmed[0] < publications.size()) {
          int from = confirmed[0];
          int to = Math.min(publications.size(), from + PIPELINE);
          pool.with(connection -> push(connection, publications.subList(from, to)));
          confirmed[0] = to;
        }
        return;
      } catch (BrokerUnavailableException e) {
        declared.clear();
        if (attempt == RETRY_PAUSES.length) {
          throw e;
        }
        pause(RETRY_PAUSES[attempt]);
      }
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new BrokerInterruptedException("interrupted between two attempts to publish", e);
    }
  }

  /** One LPUSH for each run of messages to the same list, all in one round trip. */
  private boolean push(RedisConnection connection, List<Publication> publications) {
    int answers = declare(connection, publications);
    List<byte[]> run = new ArrayList<>();
    String runKey = null;
    for (Publication publication : publications) {
      byte[] list = RedisKeys.list(publication.queue(), publication.priority());
      String key = RedisKeys.text(list);
      if (!key.equals(runKey) || run.size() > PUSH) {
        answers += flush(connection, run);
        run.add(list);
        runKey = key;
      }
      run.add(publication.message());
    }
    answers += flush(connection, run);
    RedisConnection.throwFirstError(connection.sendAndReadAll(answers));
    publications.forEach(publication -> declared.add(publication.queue()));
    return true;
  }

  private static int flush(RedisConnection connection, List<byte[]> run) {
    if (run.isEmpty()) {
      return 0;
    }
    connection.write(Command.LPUSH, run.toArray(byte[][]::new));
    run.clear();
    return 1;
  }

  /**
   * Writes a queue's binding before its first message, and again after an outage, as kombu does.
   */
  private int declare(RedisConnection connection, List<Publication> publications) {
    Set<String> fresh = new java.util.LinkedHashSet<>();
    for (Publication publication : publications) {
      if (!declared.contains(publication.queue())) {
        fresh.add(publication.queue());
      }
    }
    fresh.forEach(queue -> RedisBindings.write(connection, queue));
    return fresh.size() * RedisBindings.ANSWERS;
  }

  @Override
  public QueueConnection consume(String queue, String holder, Runnable wake) {
    return new RedisQueueConnection(config, results, wakeUps, queue, holder, wake);
  }

  @Override
  public List<String> renew(Collection<String> tags) {
    List<String> all = List.copyOf(tags);
    List<String> gone = new ArrayList<>();
    for (int from = 0; from < all.size(); from += RENEWALS) {
      List<byte[]> page =
          all.subList(from, Math.min(all.size(), from + RENEWALS)).stream()
              .map(RedisKeys::bytes)
              .toList();
      Object lost = pool.repeatable(c -> RENEW.call(c, List.of(RedisKeys.UNACKED_INDEX), page));
      for (Object tag : (List<?>) lost) {
        gone.add(RedisKeys.text((byte[]) tag));
      }
    }
    return gone;
  }

  @Override
  public long countDelivery(String deliveryTag) {
    byte[] key = RedisKeys.deliveries(deliveryTag);
    return pool.with(
        connection -> {
          connection.write(Command.INCR, key);
          connection.write(Command.EXPIRE, key, RedisKeys.bytes(COUNTED_SECONDS));
          List<Object> answers = connection.sendAndReadAll(2);
          RedisConnection.throwFirstError(answers);
          return 1 + (Long) answers.get(0);
        });
  }

  @Override
  public int restoreDue() {
    synchronized (sweeper) {
      return sweeper.restoreDue();
    }
  }

  @Override
  public int restoreAbandoned() {
    synchronized (sweeper) {
      return sweeper.restoreAbandoned();
    }
  }

  @Override
  public Map<Integer, Long> lengths(String queue) {
    return pool.repeatable(
        connection -> {
          RedisKeys.STEPS.forEach(
              step -> connection.write(Command.LLEN, RedisKeys.list(queue, step)));
          List<Object> answers = connection.sendAndReadAll(RedisKeys.STEPS.size());
          RedisConnection.throwFirstError(answers);
          Map<Integer, Long> lengths = new LinkedHashMap<>();
          for (int i = 0; i < answers.size(); i++) {
            lengths.put(RedisKeys.STEPS.get(i), (Long) answers.get(i));
          }
          return lengths;
        });
  }

  @Override
  public long purge(String queue) {
    return pool.with(
        connection -> {
          connection.write(Command.MULTI);
          for (int step : RedisKeys.STEPS) {
            connection.write(Command.LLEN, RedisKeys.list(queue, step));
            connection.write(Command.DEL, RedisKeys.list(queue, step));
          }
          connection.write(Command.EXEC);
          List<Object> answers = connection.sendAndReadAll(2 + 2 * RedisKeys.STEPS.size());
          RedisConnection.throwFirstError(answers);
          List<?> lengthsAndDeletions = (List<?>) answers.get(answers.size() - 1);
          long purged = 0;
          for (int i = 0; i < lengthsAndDeletions.size(); i += 2) {
            purged += (Long) lengthsAndDeletions.get(i);
          }
          return purged;
        });
  }

  @Override
  public Instant time() {
    List<?> parts = (List<?>) pool.repeatable(connection -> connection.call(Command.TIME));
    long seconds = Long.parseLong(RedisKeys.text((byte[]) parts.get(0)));
    long micros = Long.parseLong(RedisKeys.text((byte[]) parts.get(1)));
    return Instant.ofEpochSecond(seconds, micros * 1000);
  }

  @Override
  public ResultBackend results() {
    return results;
  }

  @Override
  public void close() {
    watch.shutdownNow();
    brokerSubscriber.close();
    resultSubscriber.close();
    pool.close();
    resultPool.close();
  }
}
