package dev.stalk.testkit;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Queues;
import dev.stalk.broker.transport.RouteLookup;
import dev.stalk.broker.transport.TopicPattern;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Queues in memory: their bindings, and the way to them. Thread-safe. */
sealed class InMemoryQueues implements Queues permits EagerTransport.EagerQueues {
  private static final int MAX_LIMIT = 1000;
  private static final int ENOUGH = 16 << 20;

  private final InMemoryTransport transport;
  private final InMemoryStore store;
  private final RouteLookup lookup = new RouteLookup();

  /** What this transport was told to declare. */
  private final Map<String, QueueDeclaration> declarations = new ConcurrentHashMap<>();

  InMemoryQueues(InMemoryTransport transport) {
    this.transport = transport;
    this.store = transport.store();
  }

  @Override
  public void declare(QueueDeclaration declaration) {
    var unused =
        transport.step(
            () -> {
              declarations.merge(declaration.queue(), declaration, InMemoryQueues::merge);
              write(declaration.queue());
              return true;
            });
  }

  @Override
  public void remember(QueueDeclaration declaration) {
    declarations.merge(declaration.queue(), declaration, InMemoryQueues::merge);
  }

  private static QueueDeclaration merge(QueueDeclaration known, QueueDeclaration more) {
    Set<Route> all = new LinkedHashSet<>(known.bindings());
    all.addAll(more.bindings());
    return new QueueDeclaration(more.queue(), List.copyOf(all), more.expires());
  }

  /** Writes the bindings of a queue: those declared, else Celery's usual one. In a step. */
  void write(String queue) {
    QueueDeclaration declared = declarations.get(queue);
    List<Route> routes =
        declared == null || declared.bindings().isEmpty()
            ? List.of(Route.direct(queue, queue))
            : declared.bindings();
    routes.forEach(route -> store.bind(binding(queue, route)));
  }

  private static Binding binding(String queue, Route route) {
    String key = route.routingKey();
    String pattern = route.type() == ExchangeType.TOPIC ? TopicPattern.of(key) : "";
    return new Binding(route.exchange(), key, pattern, queue);
  }

  /** Adds a message to its queue, whose expiry begins anew. In a step. */
  void push(Publication publication) {
    String queue = publication.queue();
    write(queue);
    store.push(queue, publication.priority(), publication.message());
    QueueDeclaration declared = declarations.get(queue);
    Duration expires = declared == null ? null : declared.expires();
    if (expires != null) {
      store.queue(queue).expireAfter(expires, store.now());
    }
  }

  @Override
  public void unbind(String queue, Route binding) {
    var unused =
        transport.step(
            () -> {
              declarations.computeIfPresent(queue, (name, known) -> without(known, binding));
              return store
                  .bindings
                  .getOrDefault(binding.exchange(), new LinkedHashSet<>())
                  .remove(binding(queue, binding));
            });
  }

  @SuppressWarnings("NullAway") // null takes the declaration out of the map
  private static QueueDeclaration without(QueueDeclaration known, Route binding) {
    List<Route> rest = new ArrayList<>(known.bindings());
    rest.remove(binding);
    return rest.isEmpty() ? null : new QueueDeclaration(known.queue(), rest, known.expires());
  }

  @Override
  public List<Binding> bindings(String exchange) {
    return transport.step(
        () ->
            store.bindings.getOrDefault(exchange, Set.of()).stream()
                .sorted(Comparator.comparing(Binding::routingKey).thenComparing(Binding::queue))
                .toList());
  }

  @Override
  public List<String> queues(Route route) {
    RouteLookup.check(route);
    if (route.exchange().isEmpty()) {
      return List.of(route.routingKey());
    }
    var unused =
        transport.step(
            () -> {
              declarations.keySet().forEach(this::write);
              return true;
            });
    return lookup.queues(route, bindings(route.exchange()));
  }

  @Override
  public void publish(List<List<Publication>> messages, PublishRetry retry) {
    var unused =
        transport.step(
            () -> {
              store.checkMemory();
              messages.forEach(copies -> copies.forEach(this::push));
              return true;
            });
  }

  @Override
  public List<Publication> peek(String queue, long offset, int limit) {
    if (offset < 0 || limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "a page begins at 0 or later and has 1 to %d messages, not %d from %d"
              .formatted(MAX_LIMIT, limit, offset));
    }
    return transport.step(() -> peekNow(queue, offset, limit));
  }

  private List<Publication> peekNow(String queue, long offset, int limit) {
    Instant now = store.now();
    List<Publication> page = new ArrayList<>();
    long skip = offset;
    long bytes = 0;
    for (int step : InMemoryQueue.STEPS) {
      for (byte[] message : store.queue(queue).waiting(step, now)) {
        if (skip > 0) {
          skip--;
        } else if (page.size() < limit && bytes < ENOUGH) {
          page.add(new Publication(queue, step, message));
          bytes += message.length;
        }
      }
    }
    return page;
  }

  @Override
  public long delete(String queue) {
    return transport.step(
        () -> {
          declarations.remove(queue);
          store
              .bindings
              .values()
              .forEach(table -> table.removeIf(binding -> binding.queue().equals(queue)));
          return store.queue(queue).clear(store.now());
        });
  }
}
