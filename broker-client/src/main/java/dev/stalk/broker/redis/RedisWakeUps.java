package dev.stalk.broker.redis;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Hands the server's notices that a tracked key has changed to whoever waits for that key. All
 * waiters are woken when keys are flushed, when the subscription breaks, for no notice comes until
 * it stands again, and when it does, for notices were lost then. Thread-safe.
 */
final class RedisWakeUps {
  private final RedisSubscriber subscriber;
  private final Map<String, Set<Runnable>> waiters = new ConcurrentHashMap<>();
  private boolean subscribed; // guarded by this

  RedisWakeUps(RedisSubscriber subscriber) {
    this.subscriber = subscriber;
    subscriber.onReconnect(this::wakeAll);
    subscriber.onLoss(this::wakeAll);
  }

  /** The subscriber notices are redirected to; subscribed when this returns. */
  synchronized RedisSubscriber subscriber() {
    if (!subscribed) {
      subscriber.subscribe(RedisKeys.INVALIDATIONS, this::changed);
      subscribed = true;
    }
    return subscriber;
  }

  /** Whether notices that were asked for under this generation of the subscription still arrive. */
  boolean arrive(int generation) {
    return subscriber.generation() == generation && subscriber.clientId() >= 0;
  }

  void add(byte[] key, Runnable wake) {
    waiters.compute(
        RedisKeys.text(key),
        (name, set) -> {
          Set<Runnable> all = set == null ? ConcurrentHashMap.newKeySet() : set;
          all.add(wake);
          return all;
        });
  }

  void remove(byte[] key, Runnable wake) {
    waiters.computeIfPresent(
        RedisKeys.text(key),
        (name, set) -> {
          set.remove(wake);
          return set.isEmpty() ? null : set;
        });
  }

  private void changed(@Nullable Object payload) {
    if (payload instanceof List<?> keys) {
      for (Object key : keys) {
        if (key instanceof byte[] name) {
          waiters.getOrDefault(RedisKeys.text(name), Set.of()).forEach(Runnable::run);
        }
      }
    } else {
      wakeAll();
    }
  }

  private void wakeAll() {
    waiters.values().forEach(set -> set.forEach(Runnable::run));
  }
}
