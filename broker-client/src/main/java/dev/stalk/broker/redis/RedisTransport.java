package dev.stalk.broker.redis;

import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Fanout;
import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Queues;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Transport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol.Command;

/**
 * Celery's Redis broker and result backend (kombu {@code transport/redis.py}, celery {@code
 * backends/redis.py}). One shared pool for short calls, one line per consumed queue, one subscribed
 * connection per server. Needs Redis 6.2 or later. Thread-safe.
 */
public final class RedisTransport implements Transport {
  private static final int PIPELINE = 1000;
  private static final int PUSH = 100;
  private static final long PING_SECONDS = 10;
  private static final long COUNTED_SECONDS = 7 * 86_400;

  /** The most bytes of messages in one round trip, unless a single one is larger. */
  private static final int PIPELINE_BYTES = 8 << 20;

  /** The most bytes of messages in one command, likewise. */
  private static final int PUSH_BYTES = 1 << 20;

  private static final long KEEP_ALIVE_SECONDS = 1;

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisOutages outages;
  private final Set<WatchedQueueConnection> lines = ConcurrentHashMap.newKeySet();
  private final RedisPool pool;
  private final RedisPool resultPool;
  private final RedisSubscriber resultSubscriber;
  private final RedisSubscriber brokerSubscriber;
  private final RedisWakeUps wakeUps;
  private final RedisResults results;
  private final RedisHolders holders;
  private final AbandonedSweeper abandoned;
  private final VisibleSweeper visible;
  private final ScheduledExecutorService watch;
  private final RedisBindings bindings;
  private final RedisPublishRetry publishRetry;
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
    outages = new RedisOutages(config.broker().toString(), System::nanoTime);
    RedisOutages resultOutages =
        shared ? outages : new RedisOutages(config.results().toString(), System::nanoTime);
    pool = new RedisPool(config.broker(), config, outages);
    resultPool =
        config.results().equals(config.broker())
            ? pool
            : new RedisPool(config.results(), config, resultOutages);
    brokerSubscriber = new RedisSubscriber(config.broker(), config, outages);
    resultSubscriber =
        shared ? brokerSubscriber : new RedisSubscriber(config.results(), config, resultOutages);
    wakeUps = new RedisWakeUps(brokerSubscriber);
    results = new RedisResults(config, keys, resultPool, resultSubscriber, watch);
    holders = new RedisHolders(keys, pool);
    Restorer restorer = new Restorer(keys, pool);
    abandoned = new AbandonedSweeper(config, keys, pool, restorer);
    visible = new VisibleSweeper(config, keys, pool, restorer);
    bindings = new RedisBindings(keys);
    routing = new RedisRouting(config, keys, pool, bindings);
    fanout = new RedisFanout(config, keys, pool, brokerSubscriber);
    quarantine = new RedisQuarantine(keys, pool);
    publishRetry = new RedisPublishRetry(config.publishRetry());
    var unused =
        watch.scheduleWithFixedDelay(this::ping, PING_SECONDS, PING_SECONDS, TimeUnit.SECONDS);
    var unusedToo =
        watch.scheduleWithFixedDelay(
            () -> lines.forEach(WatchedQueueConnection::keepAlive),
            KEEP_ALIVE_SECONDS,
            KEEP_ALIVE_SECONDS,
            TimeUnit.SECONDS);
  }

  /**
   * Makes a transport; connections are made when they are needed.
   *
   * @throws IllegalArgumentException if a file of certificates or keys cannot be used, naming it
   */
  public static RedisTransport open(RedisConfig config) {
    Stream.of(config.broker(), config.results())
        .map(RedisUrl::tls)
        .filter(Objects::nonNull)
        .forEach(TlsSockets::context);
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
   * <p>Retries as the configuration's {@link PublishRetryPolicy} says when the connection fails, or
   * Redis is not ready or full, and only what was not confirmed. Where the connection broke before
   * the confirmation came, a message may then arrive twice, with the same task id. An answer that
   * does not come in time is not retried: Redis may still carry it out.
   *
   * <p>What is on its way at once is bounded, in messages and in bytes; the caller waits meanwhile.
   */
  @Override
  public void publish(List<Publication> publications, PublishRetry retry) {
    if (!bindings.anyExpires()) {
      publishRetry.run(publications, retry, this::publishPages, bindings::lost);
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
    publishRetry.run(lasting, retry, this::publishPages, bindings::lost);
    routing.publish(expiring, retry);
  }

  /**
   * Publishes page by page until one fails; notes what was not confirmed and returns why, or null.
   */
  private @Nullable BrokerException publishPages(
      List<Publication> publications, List<Publication> unconfirmed) {
    BrokerException failure = null;
    for (int from = 0; from < publications.size(); ) {
      List<Publication> page = publications.subList(from, endOfPage(publications, from));
      from += page.size();
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

  /** Bounds what waits in buffers, on either side, for the confirmation. */
  private static int endOfPage(List<Publication> publications, int from) {
    int end = from + 1;
    long bytes = publications.get(from).message().length;
    while (end < publications.size() && end - from < PIPELINE) {
      bytes += publications.get(end).message().length;
      if (bytes > PIPELINE_BYTES) {
        return end;
      }
      end++;
    }
    return end;
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
    long bytes = 0;
    for (Publication publication : page) {
      boolean sameList =
          last != null
              && last.queue().equals(publication.queue())
              && keys.step(last.priority()) == keys.step(publication.priority());
      bytes += publication.message().length;
      if (!sameList || runs.get(runs.size() - 1).size() == PUSH || bytes > PUSH_BYTES) {
        runs.add(new ArrayList<>());
        bytes = publication.message().length;
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
  public QueueConnection consume(
      List<String> queues, QueueOrder order, String holder, Runnable wake) {
    WatchedQueueConnection line =
        new WatchedQueueConnection(
            new RedisQueueConnection(
                config, keys, bindings, results, wakeUps, holders, queues, order, holder, wake),
            outages.persistent(),
            lines::remove);
    lines.add(line);
    return line;
  }

  @Override
  public List<String> renew(Collection<String> tags) {
    try {
      return holders.renew(List.copyOf(tags));
    } catch (RuntimeException e) {
      abandoned.interrupt(); // a broker that is away or full hears nobody else either
      visible.interrupt();
      throw e;
    }
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
  public ParkedMessages parked(Runnable wake) {
    return new RedisParked(config, keys, wakeUps, wake);
  }

  @Override
  public int restoreAbandoned() {
    synchronized (abandoned) {
      return abandoned.restoreAbandoned();
    }
  }

  @Override
  public int restoreVisible() {
    synchronized (visible) {
      return visible.restoreVisible();
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
