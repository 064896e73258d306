package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Settlement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Results as Celery keeps them: a key with an expiry, and the same bytes announced on a channel of
 * the key's name (celery {@code backends/redis.py}). A watch subscribes first and reads once after,
 * so nothing can slip between; after an outage everything watched is read again.
 */
final class RedisResults implements ResultBackend {
  private static final long RETRY_MILLIS = 500;
  private static final RedisScript STORE = RedisScript.load("result.lua", "store.lua");

  private final RedisConfig config;
  private final RedisKeys keys;
  private final RedisPool pool;
  private final RedisSubscriber subscriber;
  private final ScheduledExecutorService retries;
  private final Map<String, Set<Watching>> watched = new ConcurrentHashMap<>();

  RedisResults(
      RedisConfig config,
      RedisKeys keys,
      RedisPool pool,
      RedisSubscriber subscriber,
      ScheduledExecutorService retries) {
    this.retries = retries;
    this.config = config;
    this.keys = keys;
    this.pool = pool;
    this.subscriber = subscriber;
    subscriber.onReconnect(this::readAgain);
  }

  @Override
  public TaskResult get(String taskId) {
    byte[] meta = read(taskId);
    return meta == null ? TaskResult.pending(taskId) : decode(taskId, meta);
  }

  private TaskResult decode(String taskId, byte[] meta) {
    return ResultCodec.decode(taskId, meta, config.content());
  }

  private byte @Nullable [] read(String taskId) {
    return pool.repeatable(c -> (byte[]) c.call(Command.GET, keys.result(taskId)));
  }

  @Override
  public void forget(String taskId) {
    pool.repeatable(c -> c.call(Command.DEL, keys.result(taskId)));
  }

  @Override
  public Watch watch(String taskId, Consumer<byte[]> ready) {
    Watching watching = new Watching(taskId, ready);
    watched.compute(
        taskId,
        (id, all) -> {
          Set<Watching> watchings = all == null ? ConcurrentHashMap.newKeySet() : all;
          watchings.add(watching);
          return watchings;
        });
    try {
      subscriber.subscribe(watching.channel, watching);
      watching.offer(read(taskId));
      return watching;
    } catch (RuntimeException e) {
      watching.close();
      throw e;
    }
  }

  /** On a thread of its own: the subscription's has to go on reading. */
  private void readAgain() {
    var unused = retries.schedule(this::readAllAgain, 0, TimeUnit.MILLISECONDS);
  }

  private void readAllAgain() {
    try {
      for (String taskId : List.copyOf(watched.keySet())) {
        byte[] meta = read(taskId);
        watched.getOrDefault(taskId, Set.of()).forEach(watching -> watching.offer(meta));
      }
    } catch (BrokerException notYet) { // it may still be loading its data
      var unused = retries.schedule(this::readAllAgain, RETRY_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private final class Watching implements Watch, RedisSubscriber.Listener {
    private final String taskId;
    private final String channel;
    private final Consumer<byte[]> ready;
    private final AtomicBoolean told = new AtomicBoolean();

    Watching(String taskId, Consumer<byte[]> ready) {
      this.taskId = taskId;
      this.channel = RedisKeys.text(keys.result(taskId));
      this.ready = ready;
    }

    @Override
    public void message(@Nullable Object payload) {
      offer(payload instanceof byte[] meta ? meta : null);
    }

    void offer(byte @Nullable [] meta) {
      if (meta != null && isFinal(meta) && told.compareAndSet(false, true)) {
        ready.accept(meta);
      }
    }

    /** Nothing will follow what cannot be read; whoever waits is to learn it. */
    private boolean isFinal(byte[] meta) {
      try {
        return decode(taskId, meta).state().isReady();
      } catch (MalformedMessageException e) {
        return true;
      }
    }

    @Override
    public void close() {
      subscriber.unsubscribe(channel, this);
      watched.computeIfPresent(
          taskId,
          (id, all) -> {
            all.remove(this);
            return all.isEmpty() ? null : all;
          });
    }
  }

  /** Whether results live on another server than the queues. */
  boolean areElsewhere() {
    return !config.results().sameServer(config.broker());
  }

  /**
   * Where results live on another server than the queues, no single step can hold both. Then a
   * result is stored first, if its message is still held, and the rest is settled after: a crash in
   * between runs the task again, it never loses a result. What was carried out before by its number
   * is not stored again: others may have gone on from there.
   *
   * @param numbers the numbers of those that were acknowledged early
   * @param marker the key of the line's marker
   * @return the settlements without what has been stored, and which of them are refused as the
   *     results' server does not take what they store; all as they are where results share the
   *     broker's server
   * @throws BrokerException if the server of the results takes nothing: then nothing may be settled
   */
  SettlementsLeft storeElsewhere(
      RedisConnection broker, List<Settlement> finished, SettlementNumbers numbers, byte[] marker) {
    if (finished.isEmpty() || !areElsewhere()) {
      return SettlementsLeft.all(finished);
    }
    for (Settlement settlement : finished) { // held is what the exchange will take for held
      broker.write(Command.HSTRLEN, keys.unacked(), RedisKeys.bytes(settlement.tag()));
    }
    broker.write(Command.GET, marker);
    List<Object> answers = broker.sendAndReadAll(finished.size() + 1);
    RedisConnection.throwFirstError(answers);
    long carriedOut = highest((byte[]) answers.get(finished.size()));
    List<Effect.StoreResult> stores = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    List<Settlement> rest = new ArrayList<>();
    for (int i = 0; i < finished.size(); i++) {
      Settlement settlement = finished.get(i);
      List<Effect> effects = new ArrayList<>(settlement.effects());
      boolean open =
          SettlementNumbers.isNumbered(settlement)
              ? numbers.of(settlement) > carriedOut
              : (Long) answers.get(i) > 0;
      if (open) {
        for (Effect effect : settlement.effects()) {
          if (effect instanceof Effect.StoreResult store) {
            stores.add(store);
            places.add(i);
          }
        }
        effects.removeIf(Effect.StoreResult.class::isInstance);
      }
      rest.add(new Settlement(settlement.tag(), settlement.claim(), effects));
    }
    return new SettlementsLeft(rest, storeAll(stores, places));
  }

  /** Why which of them were refused, by the places of their settlements. */
  private Map<Integer, String> storeAll(List<Effect.StoreResult> stores, List<Integer> places) {
    Map<Integer, String> refusals = new HashMap<>();
    if (stores.isEmpty()) {
      return refusals;
    }
    List<?> fates = pool.with(connection -> store(connection, stores));
    for (int i = 0; i < fates.size(); i++) {
      if (fates.get(i) instanceof byte[] error) {
        String key = RedisKeys.text(keys.result(stores.get(i).taskId()));
        BrokerException refusal = RedisErrors.translate(refusal(error), config.results());
        refusals.put(places.get(i), key + ": " + refusal.getMessage());
      }
    }
    return refusals;
  }

  /** The first number in a line's marker. */
  private static long highest(byte @Nullable [] marker) {
    return marker == null ? 0 : Long.parseLong(RedisKeys.text(marker).split(" ", 2)[0]);
  }

  @Override
  public void store(String taskId, byte[] meta) {
    pool.with(
        connection -> {
          Object fate = store(connection, List.of(new Effect.StoreResult(taskId, meta))).get(0);
          if (fate instanceof byte[] error) {
            throw refusal(error);
          }
          return fate;
        });
  }

  private static JedisDataException refusal(byte[] error) {
    return new JedisDataException(RedisKeys.text(error));
  }

  /** In one step there, so that no two workers can overwrite each other's SUCCESS. */
  private List<?> store(RedisConnection connection, List<Effect.StoreResult> stores) {
    List<byte[]> names = new ArrayList<>();
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(RedisKeys.bytes(config.resultExpires().toSeconds()));
    for (Effect.StoreResult store : stores) {
      names.add(keys.result(store.taskId()));
      arguments.add(store.meta());
    }
    return (List<?>) STORE.call(connection, names, arguments);
  }
}
