package dev.stalk.testkit;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Fanout;
import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Queues;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Transport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One user's way to an {@link InMemoryBroker}. Keeps every promise of {@link Transport} that the
 * one to Redis keeps, shown by the same tests. Thread-safe.
 *
 * <p>A worker's lease, visibility timeout and parked messages go by the broker's clock, not by time
 * that passes. There is no network: a call is never cut off half way.
 */
public sealed class InMemoryTransport implements Transport permits EagerTransport {
  private static final Duration COUNTED = Duration.ofDays(7);

  /** Until then a parked message that is due is left to those who return it on time. */
  private static final Duration PARKED_OVERDUE = Duration.ofSeconds(10);

  static final String HELD_TAG = "stalk:held:";

  private final InMemoryStore store;
  private final BrokerConfig config;
  private final InMemoryQueues queues;
  private final InMemoryFanout fanout;
  private final InMemoryResults results;
  private final InMemoryQuarantine quarantine;
  private final Notifier notifier = new Notifier();

  /** The lines that are open and have been used, by their holder. */
  private final Set<String> alive = ConcurrentHashMap.newKeySet();

  private final Sightings holders; // guarded by the store's lock
  private final Sightings tags; // guarded by the store's lock
  private volatile boolean closed;

  InMemoryTransport(InMemoryStore store, BrokerConfig config) {
    this.store = store;
    this.config = config;
    this.queues = new InMemoryQueues(this);
    this.fanout = new InMemoryFanout(this, notifier);
    this.results = new InMemoryResults(this, config, notifier);
    this.quarantine = new InMemoryQuarantine(this);
    this.holders = new Sightings(config.lease());
    this.tags = new Sightings(config.lease());
    store.add(results);
  }

  InMemoryStore store() {
    return store;
  }

  /**
   * One atomic step.
   *
   * @throws BrokerException if this transport is closed, or the broker down
   */
  <T extends @Nullable Object> T step(Supplier<T> action) {
    if (closed) {
      throw new BrokerUnavailableException("this transport is closed", null);
    }
    return store.step(action);
  }

  @Override
  public void publish(List<Publication> publications, PublishRetry retry) {
    var unused =
        step(
            () -> {
              if (!publications.isEmpty()) {
                store.checkMemory();
              }
              publications.forEach(queues::push);
              return true;
            });
  }

  @Override
  public QueueConnection consume(
      List<String> names, QueueOrder order, String holder, Runnable wake) {
    return new InMemoryLine(this, queues, results, names, order, holder, wake);
  }

  /** A line is used for the first time, or again after an outage. In a step. */
  void enter(String holder) {
    alive.add(holder);
    store.holders.put(holder, store.now());
  }

  /** A line ends; if it may hold something, others will find it. */
  void leave(String holder, boolean idle) {
    if (alive.remove(holder) && idle && !closed) {
      try {
        store.step(() -> store.holders.remove(holder));
      } catch (BrokerUnavailableException e) {
        return; // it falls silent, and others find that it holds nothing
      }
    }
  }

  @Override
  public List<String> renew(Collection<String> held) {
    try {
      return step(
          () -> {
            if (!held.isEmpty() || !alive.isEmpty()) {
              store.checkMemory();
            }
            Instant now = store.now();
            alive.forEach(holder -> store.holders.put(holder, now));
            List<String> gone = new ArrayList<>();
            for (String tag : held) {
              if (store.held.computeIfPresent(tag, (same, message) -> message.renewed(now))
                  == null) {
                gone.add(tag);
              }
            }
            return gone;
          });
    } catch (BrokerException e) {
      forgetSightings(); // a broker that is away or full hears nobody else either
      throw e;
    }
  }

  private void forgetSightings() {
    synchronized (store) {
      holders.clear();
      tags.clear();
    }
  }

  @Override
  public long countDelivery(String deliveryTag) {
    return step(
        () -> {
          Instant now = store.now();
          InMemoryStore.Count last = store.counts.get(deliveryTag);
          long before = last == null || !last.forgotten().isAfter(now) ? 0 : last.deliveries();
          store.counts.put(deliveryTag, new InMemoryStore.Count(before + 1, now.plus(COUNTED)));
          return 1 + before + 1;
        });
  }

  /** How a count goes on after a replay; null to begin afresh. In a step. */
  void count(String deliveryTag, @Nullable Long deliveries) {
    if (deliveries == null) {
      store.counts.remove(deliveryTag);
    } else {
      Instant forgotten = store.now().plus(COUNTED);
      store.counts.put(deliveryTag, new InMemoryStore.Count(deliveries, forgotten));
    }
  }

  @Override
  public ParkedMessages parked(Runnable wake) {
    return new InMemoryParked(this, wake);
  }

  @Override
  public int restoreAbandoned() {
    return watching(
        () -> {
          Instant now = store.now();
          holders.retain(store.holders.keySet());
          Set<String> silent =
              store.holders.entrySet().stream()
                  .filter(holder -> holders.isStill(holder.getKey(), holder.getValue(), now))
                  .map(Map.Entry::getKey)
                  .collect(Collectors.toSet());
          if (!silent.isEmpty()) {
            store.checkMemory();
          }
          return restore(silent, now);
        });
  }

  /** A holder that has renewed or fetched something lately lives after all. */
  private int restore(Set<String> silent, Instant now) {
    Instant lately = now.minus(config.lease().dividedBy(2));
    List<InMemoryStore.Held> abandoned = new ArrayList<>();
    for (InMemoryStore.Held held : List.copyOf(store.held.values())) {
      if (silent.contains(holder(held.tag())) && !held.score().isAfter(lately)) {
        abandoned.add(held);
      }
    }
    redeliver(abandoned);
    Set<String> stillHolding =
        store.held.keySet().stream().map(InMemoryTransport::holder).collect(Collectors.toSet());
    for (String holder : silent) {
      if (stillHolding.contains(holder)) {
        store.holders.put(holder, now);
      } else {
        store.holders.remove(holder);
      }
    }
    return abandoned.size();
  }

  private static String holder(String tag) {
    return tag.substring(HELD_TAG.length(), tag.lastIndexOf(':'));
  }

  /** Back to their queues with the mark of a redelivery, the oldest to be fetched first. */
  private void redeliver(List<InMemoryStore.Held> messages) {
    messages.sort(
        Comparator.comparing(InMemoryStore.Held::score)
            .thenComparing(InMemoryStore.Held::tag)
            .reversed());
    for (InMemoryStore.Held held : messages) {
      store.held.remove(held.tag());
      byte[] marked = Redelivery.mark(held.message());
      store.putBack(held.queue(), MessageCodec.priority(marked), marked);
    }
  }

  @Override
  public int restoreVisible() {
    return watching(
        () -> {
          Instant now = store.now();
          Instant ceiling = now.minus(config.visibilityTimeout());
          List<InMemoryStore.Held> late = new ArrayList<>();
          tags.retain(store.held.keySet());
          for (InMemoryStore.Held held : store.held.values()) {
            if (!held.score().isAfter(ceiling) && tags.isStill(held.tag(), held.score(), now)) {
              late.add(held);
            }
          }
          List<InMemoryStore.Parked> overdue =
              store.parked.stream()
                  .filter(message -> !message.due().isAfter(now.minus(PARKED_OVERDUE)))
                  .toList();
          if (late.size() + overdue.size() > 0) {
            store.checkMemory();
          }
          redeliver(late);
          unpark(overdue);
          return late.size() + overdue.size();
        });
  }

  /** Nobody could give a sign of life while the broker was away. */
  private int watching(Supplier<Integer> sweep) {
    try {
      return step(sweep);
    } catch (BrokerException e) {
      forgetSightings();
      throw e;
    }
  }

  /** Back to their queues unchanged, the first to be due to be fetched first. In a step. */
  void unpark(List<InMemoryStore.Parked> due) {
    store.parked.removeAll(due);
    for (int i = due.size() - 1; i >= 0; i--) {
      InMemoryStore.Parked message = due.get(i);
      store.putBack(message.queue(), MessageCodec.priority(message.message()), message.message());
    }
  }

  @Override
  public Map<Integer, Long> lengths(String queue) {
    return step(
        () -> {
          Map<Integer, Long> lengths = new LinkedHashMap<>();
          for (int step : InMemoryQueue.STEPS) {
            lengths.put(step, (long) store.queue(queue).length(step, store.now()));
          }
          return lengths;
        });
  }

  @Override
  public long purge(String queue) {
    return step(() -> store.queue(queue).clear(store.now()));
  }

  @Override
  public Queues queues() {
    return queues;
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
    return step(store::now);
  }

  @Override
  public ResultBackend results() {
    return results;
  }

  /**
   * Ends its subscriptions and watches. What its lines held stays recorded, and is abandoned a
   * lease later. Closing twice does nothing.
   */
  @Override
  public void close() {
    closed = true;
    store.remove(results);
    fanout.close();
    notifier.close();
  }
}
