package dev.stalk.testkit;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.Broadcast;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Fanout;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fanout exchanges in memory: who listens hears, and nothing is kept. Thread-safe. */
final class InMemoryFanout implements Fanout {
  private static final Logger log = LoggerFactory.getLogger(InMemoryFanout.class);

  private final InMemoryTransport transport;
  private final InMemoryStore store;
  private final Notifier notifier;
  private final Set<Standing> own = ConcurrentHashMap.newKeySet();

  InMemoryFanout(InMemoryTransport transport, Notifier notifier) {
    this.transport = transport;
    this.store = transport.store();
    this.notifier = notifier;
  }

  @Override
  public long publish(Route route, byte[] message) {
    check(route);
    return transport.step(
        () -> {
          Broadcast broadcast = new Broadcast(route.exchange(), route.routingKey(), message);
          List<Standing> hearing =
              store.subscriptions.stream().filter(each -> each.hears(route)).toList();
          hearing.forEach(standing -> standing.hand(broadcast));
          return (long) hearing.size();
        });
  }

  private static void check(Route route) {
    if (route.type() != ExchangeType.FANOUT) {
      throw new IllegalArgumentException(
          "exchange '%s' is given as %s, not as a fanout exchange"
              .formatted(route.exchange(), route.type()));
    }
  }

  @Override
  public Subscription subscribe(String queue, Route route, Consumer<Broadcast> listener) {
    check(route);
    Standing standing = new Standing(queue, route, listener);
    var unused =
        transport.step(
            () -> {
              store.bind(standing.binding());
              store.subscriptions.add(standing);
              return own.add(standing);
            });
    store.add(standing);
    standing.pushed(queue); // what was there before it came
    return standing;
  }

  /** Ends what its user has not ended. */
  void close() {
    synchronized (store) {
      store.subscriptions.removeAll(own);
    }
    own.forEach(store::remove);
  }

  /** One subscription; its listener is called by the transport's one thread. */
  final class Standing implements Subscription, InMemoryStore.Listener {
    private final String queue;
    private final Route route;
    private final Pattern keys;
    private final Consumer<Broadcast> listener;
    private volatile boolean closed;

    Standing(String queue, Route route, Consumer<Broadcast> listener) {
      this.queue = queue;
      this.route = route;
      this.keys = keys(route.routingKey());
      this.listener = listener;
    }

    /** A star and a hash both stand for any text, as Redis reads the channel's pattern. */
    private static Pattern keys(String key) {
      String pattern =
          Arrays.stream(key.replace('#', '*').split("\\*", -1))
              .map(Pattern::quote)
              .collect(Collectors.joining(".*"));
      return Pattern.compile(pattern, Pattern.DOTALL);
    }

    Binding binding() {
      return new Binding(route.exchange(), route.routingKey(), "", queue);
    }

    boolean hears(Route published) {
      return published.exchange().equals(route.exchange())
          && keys.matcher(published.routingKey()).matches();
    }

    void hand(Broadcast broadcast) {
      notifier.tell(
          "a subscriber of fanout exchange " + route.exchange(),
          () -> {
            if (!closed) {
              listener.accept(broadcast);
            }
          });
    }

    /** A sender that takes the exchange for a direct one pushes to the queues bound to it. */
    @Override
    public void pushed(String name) {
      if (!closed && name.equals(queue)) {
        store.step(this::takeIn);
      }
    }

    private void takeIn() {
      Instant now = store.now();
      for (int step : InMemoryQueue.STEPS) {
        for (byte[] message = store.queue(queue).poll(step, now);
            message != null;
            message = store.queue(queue).poll(step, now)) {
          log.warn("a message for fanout exchange {} was pushed to a queue", route.exchange());
          hand(new Broadcast(route.exchange(), route.routingKey(), message));
        }
      }
    }

    @Override
    public void close() {
      closed = true;
      store.remove(this);
      if (!own.remove(this)) {
        return;
      }
      try {
        store.step(
            () -> {
              store.subscriptions.remove(this);
              store.bindings.getOrDefault(route.exchange(), Set.of()).remove(binding());
              store.queue(queue).clear(store.now());
            });
      } catch (BrokerUnavailableException e) {
        log.warn("queue {} of a fanout subscription is left behind: {}", queue, e.getMessage());
      }
    }
  }
}
