package dev.stalk.broker.redis;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Fanout;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Queues;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Transport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final RedisPool resultPool;
  private final RedisSubscriber resultSubscriber;
  private final RedisSubscriber brokerSubscriber;
  private final RedisWakeUps wakeUps;
  private final RedisResults results;
  private final UnackedSweeper sweeper;
  private final ScheduledExecutorService watch;
  private final RedisBindings bindings;
  private final RedisRouting routing;
  private final RedisFanout fanout;
  private final RedisQuarantine quarantine;

  private RedisTransport(RedisConfig config) {
    this.config = config;
    this.keys = new RedisKeys(config.naming());
    boolean shared = config.results().sameServer(config.broker());
    watch =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "stalk-redis-watch");
              thread.setDaemon(true);
              return thread;
            });
    pool = new RedisPool(config.broker(), config);
    resultPool =
        config.results().equals(config.broker()) ? pool : new RedisPool(config.results(), config);
    brokerSubscriber = new RedisSubscriber(config.broker(), config);
    resultSubscriber = shared ? brokerSubscriber : new RedisSubscriber(config.results(), config);
    wakeUps = new RedisWakeUps(brokerSubscriber);
    results = new RedisResults(config, keys, resultPool, resultSubscriber, watch);
    sweeper = new UnackedSweeper(config, keys, pool);
    bindings = new RedisBindings(keys);
    routing = new RedisRouting(config, keys, pool, bindings);
    fanout = new RedisFanout(config, keys, pool, brokerSubscriber);
    quarantine = new RedisQuarantine(keys, pool);
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
    fanout.takeInMisdirected();
  }

  /**
   * {@inheritDoc}
   *
   * <p>Retries as Celery does when the connection fails or Redis is not ready: three times, after
   * 0, 0.2 and 0.4 seconds, and only what was not confirmed. Where the connection broke before the
   * confirmation came, a message may then arrive twice. An answer that does not come in time is not
   * retried: Redis may still carry it out.
   */
  @Override
  public void publish(List<Publication> publications) {
    if (!bindings.anyExpires()) {
      RedisPublishRetry.run(publications, this::publishPages, bindings::lost);
      return;
    }
    List<Publication> lasting = new ArrayList<>();
    List<List<Publication>> expiring = new ArrayList<>();
    for (Publication publication : publications) {
      if (bindings.expires(publication.queue()) == null) {
        lasting.add(publication);
      } else {
        expiring.add(List.of(publication));
      }
    }
    RedisPublishRetry.run(lasting, this::publishPages, bindings::lost);
    routing.publish(expiring);
  }

  /**
   * Publishes page by page until one fails; notes what was not confirmed and returns why, or null.
   */
  private @Nullable BrokerException publishPages(
      List<Publication> publications, List<Publication> unconfirmed) {
    BrokerException failure = null;
    for (int from = 0; from < publications.size(); from += PIPELINE) {
      List<Publication> page =
          publications.subList(from, Math.min(publications.size(), from + PIPELINE));
      List<Publication> open = new ArrayList<>(page);
      if (failure == null) {
        try {
          failure = pool.with(connection -> push(connection, page, open));
        } catch (BrokerException e) {
          failure = e;
        }
      }
      unconfirmed.addAll(open);
    }
    return failure;
  }

  /**
   * One LPUSH for each run of messages to the same list, all in one round trip. Leaves in {@code
   * open} what was not confirmed, and returns the first error among the answers, or null.
   */
  private @Nullable BrokerException push(
      RedisConnection connection, List<Publication> page, List<Publication> open) {
    int declarations = declare(connection, page);
    List<List<Publication>> runs = runs(page);
    for (List<Publication> run : runs) {
      List<byte[]> words = new ArrayList<>(run.size() + 1);
      words.add(keys.list(run.get(0).queue(), run.get(0).priority()));
      run.forEach(publication -> words.add(publication.message()));
      connection.write(Command.LPUSH, words.toArray(byte[][]::new));
    }
    List<Object> answers = connection.sendAndReadAll(declarations + runs.size());
    BrokerException first = null;
    open.clear();
    for (int i = 0; i < answers.size(); i++) {
      if (answers.get(i) instanceof RuntimeException refused) {
        first = first == null ? RedisErrors.translate(refused, config.broker()) : first;
        if (i >= declarations) {
          open.addAll(runs.get(i - declarations));
        }
      }
    }
    if (first == null) {
      page.forEach(publication -> bindings.confirmed(publication.queue()));
    }
    return first;
  }

  private List<List<Publication>> runs(List<Publication> page) {
    List<List<Publication>> runs = new ArrayList<>();
    Publication last = null;
    for (Publication publication : page) {
      boolean sameList =
          last != null
              && last.queue().equals(publication.queue())
              && keys.step(last.priority()) == keys.step(publication.priority());
      if (!sameList || runs.get(runs.size() - 1).size() == PUSH) {
        runs.add(new ArrayList<>());
      }
      runs.get(runs.size() - 1).add(publication);
      last = publication;
    }
    return runs;
  }

  /**
   * Writes a queue's binding before its first message, and again after an outage, as kombu does.
   */
  private int declare(RedisConnection connection, List<Publication> publications) {
    Set<String> fresh = new java.util.LinkedHashSet<>();
    for (Publication publication : publications) {
      if (!bindings.isWritten(publication.queue())) {
        fresh.add(publication.queue());
      }
    }
    int answers = 0;
    for (String queue : fresh) {
      answers += bindings.write(connection, queue);
    }
    return answers;
  }

  @Override
  public QueueConnection consume(List<String> queues, String holder, Runnable wake) {
    return new RedisQueueConnection(config, keys, bindings, results, wakeUps, queues, holder, wake);
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
      Object lost = pool.repeatable(c -> RENEW.call(c, List.of(keys.unackedIndex()), page));
      for (Object tag : (List<?>) lost) {
        gone.add(RedisKeys.text((byte[]) tag));
      }
    }
    return gone;
  }

  @Override
  public long countDelivery(String deliveryTag) {
    byte[] key = keys.deliveries(deliveryTag);
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
          keys.steps().forEach(step -> connection.write(Command.LLEN, keys.list(queue, step)));
          List<Object> answers = connection.sendAndReadAll(keys.steps().size());
          RedisConnection.throwFirstError(answers);
          Map<Integer, Long> lengths = new LinkedHashMap<>();
          for (int i = 0; i < answers.size(); i++) {
            lengths.put(keys.steps().get(i), (Long) answers.get(i));
          }
          return lengths;
        });
  }

  @Override
  public long purge(String queue) {
    return routing.purge(queue);
  }

  @Override
  public Queues queues() {
    return routing;
  }

  @Override
  public Fanout fanout() {
    return fanout;
  }

  @Override
  public Quarantine quarantine() {
    return quarantine;
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
