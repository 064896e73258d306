package dev.stalk.testkit;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.Values;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Settlement.Fate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A line of one or more queues; settles and fetches in one step. One thread's. */
final class InMemoryLine implements QueueConnection, InMemoryStore.Listener {
  /** As the one to Redis: what is fetched at a time, and after how many bytes it is enough. */
  private static final int SLICE = 16;

  private static final int BYTES = 1 << 20;

  /** Messages larger than this are only looked at from outside. */
  private static final int LOOKED_INTO = 16_384;

  /** What one fetch has brought so far. */
  private static final class Fetched {
    final List<Delivery> deliveries = new ArrayList<>();
    int quarantined;
    long bytes;

    int count() {
      return deliveries.size() + quarantined;
    }
  }

  private final InMemoryTransport transport;
  private final InMemoryStore store;
  private final InMemoryQueues declarations;
  private final InMemoryResults results;
  private final List<String> queues;
  private final QueueOrder order;
  private final String holder;
  private final Runnable wake;

  private boolean entered;

  /** The last exchange was carried out, and its answer lost. Then it says what came of it. */
  private boolean unanswered;

  /** What became then of what was acknowledged early, by tag; nothing held would tell. */
  private Map<String, Fate> carriedOut = Map.of();

  /** What was fetched then; to be handed on. */
  private List<Delivery> untold = List.of();

  private long nextTag = 1;

  /** The queue whose turn it is. */
  private int turn;

  /** How many messages were handed on and have not come to an end. */
  private long outstanding;

  /** The next push is to be told. Written by the line's thread and by who pushes. */
  private volatile boolean armed;

  InMemoryLine(
      InMemoryTransport transport,
      InMemoryQueues declarations,
      InMemoryResults results,
      List<String> queues,
      QueueOrder order,
      String holder,
      Runnable wake) {
    this.transport = transport;
    this.store = transport.store();
    this.declarations = declarations;
    this.results = results;
    this.queues = order.arrange(queues);
    this.order = order;
    this.holder = holder;
    this.wake = wake;
    store.add(this);
  }

  @Override
  public Exchange exchange(List<Settlement> finished, int wanted, boolean arm, Runnable meanwhile) {
    try {
      var unused = transport.step(() -> true); // as a broker that is gone is not asked
      meanwhile.run();
      Exchange exchange = transport.step(() -> exchangeNow(finished, wanted, arm));
      if (unanswered) {
        throw new BrokerUnavailableException("the answer was lost, as the test wanted", null);
      }
      return exchange;
    } catch (BrokerUnavailableException e) {
      entered = false;
      throw e;
    }
  }

  private Exchange exchangeNow(List<Settlement> finished, int wanted, boolean arm) {
    if (!entered) {
      queues.forEach(declarations::write);
      transport.enter(holder);
      entered = true;
    }
    armed = false;
    List<Fate> fates = finished.stream().map(this::settle).toList();
    Fetched fetched = new Fetched();
    untold.stream().filter(this::isHeld).forEach(fetched.deliveries::add);
    boolean more = true;
    BrokerException failure = null;
    try {
      more = fetchAll(wanted, fetched);
    } catch (BrokerFullException e) {
      failure = e;
    }
    if (failure != null && fates.isEmpty() && fetched.deliveries.isEmpty()) {
      throw failure;
    }
    armed = arm && !more;
    unanswered = store.losesAnswer();
    carriedOut = unanswered ? fatesOfEarly(finished, fates) : Map.of();
    untold = unanswered ? List.copyOf(fetched.deliveries) : List.of();
    if (!unanswered) {
      outstanding += fetched.deliveries.size() - finished.stream().filter(this::isOfHeld).count();
    }
    return new Exchange(fates, fetched.deliveries, fetched.quarantined, more, failure);
  }

  private boolean isHeld(Delivery delivery) {
    return store.held.containsKey(delivery.tag());
  }

  // ---- settling

  private boolean isOfHeld(Settlement settlement) {
    return settlement.claim() == Settlement.Claim.HELD;
  }

  private Map<String, Fate> fatesOfEarly(List<Settlement> finished, List<Fate> fates) {
    Map<String, Fate> early = new HashMap<>();
    for (int i = 0; i < fates.size(); i++) {
      if (!isOfHeld(finished.get(i))) {
        early.put(finished.get(i).tag(), fates.get(i));
      }
    }
    return early;
  }

  private Fate settle(Settlement settlement) {
    if (isOfHeld(settlement) && store.held.remove(settlement.tag()) == null) {
      return Fate.LAPSED;
    }
    Fate before = isOfHeld(settlement) ? null : carriedOut.get(settlement.tag());
    if (before != null) {
      return before;
    }
    settlement.effects().forEach(this::apply);
    return Fate.SETTLED;
  }

  private void apply(Effect effect) {
    if (effect instanceof Effect.StoreResult result) {
      results.storeNow(result.taskId(), result.meta());
    } else if (effect instanceof Effect.Publish publish) {
      store.push(
          publish.publication().queue(),
          publish.publication().priority(),
          publish.publication().message());
    } else if (effect instanceof Effect.Return back) {
      store.putBack(
          back.publication().queue(), back.publication().priority(), back.publication().message());
    } else if (effect instanceof Effect.Quarantine kept) {
      InMemoryQuarantine.add(store, kept.queue(), kept.reason(), kept.deliveries(), kept.message());
    } else if (effect instanceof Effect.Park park) {
      store.park(park.queue(), park.due(), park.message());
    } else if (effect instanceof Effect.ForgetDeliveries forget) {
      store.counts.remove(forget.deliveryTag());
    } else {
      throw new IllegalStateException("unknown effect " + effect);
    }
  }

  // ---- fetching

  /** Whether there may be more. */
  private boolean fetchAll(int wanted, Fetched fetched) {
    if (wanted == 0) {
      return true;
    }
    int first = turn;
    for (int step : InMemoryQueue.STEPS) {
      if (order.isStrict()
          ? fetchInOrder(step, wanted, fetched)
          : fetchStep(step, first, wanted, fetched)) {
        return true;
      }
    }
    return false;
  }

  private boolean fetchInOrder(int step, int wanted, Fetched fetched) {
    for (String queue : queues) {
      if (fetchInTurns(List.of(queue), step, wanted, fetched)) {
        return true;
      }
    }
    return false;
  }

  private boolean fetchStep(int step, int first, int wanted, Fetched fetched) {
    List<String> rotated = new ArrayList<>(queues);
    Collections.rotate(rotated, -first);
    return fetchInTurns(rotated, step, wanted, fetched);
  }

  /** Empties the lists of one step, the queues taking turns; true if it was enough before that. */
  private boolean fetchInTurns(List<String> some, int step, int wanted, Fetched fetched) {
    List<String> active = some;
    while (!active.isEmpty()) {
      int left = wanted - fetched.count();
      int share = Math.min(SLICE, (left + active.size() - 1) / active.size());
      List<String> still = new ArrayList<>();
      for (String queue : active) {
        int n = Math.min(share, wanted - fetched.count());
        if (n <= 0 || fetched.bytes >= BYTES) {
          return true;
        }
        if (fetch(queue, step, n, fetched) == n) {
          still.add(queue);
        }
      }
      active = still;
    }
    return false;
  }

  private int fetch(String queue, int step, int n, Fetched fetched) {
    Instant now = store.now();
    int taken = 0;
    while (taken < n && store.queue(queue).length(step, now) > 0) {
      store.checkMemory();
      byte[] message = store.queue(queue).poll(step, now);
      if (message != null) {
        take(queue, message, now, fetched);
        taken++;
      }
    }
    return taken;
  }

  private void take(String queue, byte[] message, Instant now, Fetched fetched) {
    if (!isAcceptable(message)) {
      InMemoryQuarantine.add(
          store, queue, "not a JSON object with headers and properties", 1, message);
      fetched.quarantined++;
      return;
    }
    String tag = "%s%s:%020d".formatted(InMemoryTransport.HELD_TAG, holder, nextTag++);
    store.held.put(tag, new InMemoryStore.Held(tag, queue, message, now));
    fetched.deliveries.add(new Delivery(tag, queue, message));
    fetched.bytes += message.length;
    turn = (queues.indexOf(queue) + 1) % queues.size();
  }

  /** What may be held is what kombu could restore: an object with headers and properties. */
  private static boolean isAcceptable(byte[] message) {
    if (message.length > LOOKED_INTO) {
      return message[firstVisible(message)] == '{' && message[lastVisible(message)] == '}';
    }
    try {
      return Values.read(message) instanceof Map<?, ?> envelope
          && isTable(envelope.get("headers"))
          && isTable(envelope.get("properties"));
    } catch (MalformedMessageException e) {
      return false;
    }
  }

  private static boolean isTable(@Nullable Object value) {
    return value instanceof Map || value instanceof Collection;
  }

  private static int firstVisible(byte[] message) {
    int at = 0;
    while (at < message.length - 1 && Character.isWhitespace(message[at])) {
      at++;
    }
    return at;
  }

  private static int lastVisible(byte[] message) {
    int at = message.length - 1;
    while (at > 0 && Character.isWhitespace(message[at])) {
      at--;
    }
    return at;
  }

  // ---- waking

  @Override
  public boolean givesNotice() {
    return true;
  }

  @Override
  public void pushed(String queue) {
    if (armed && queues.contains(queue)) {
      armed = false;
      wake.run();
    }
  }

  @Override
  public void back() {
    wake.run();
  }

  @Override
  public void close() {
    store.remove(this);
    transport.leave(holder, outstanding == 0);
  }
}
