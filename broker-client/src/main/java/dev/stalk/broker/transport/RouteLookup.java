package dev.stalk.broker.transport;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.Route;
import java.util.List;

/**
 * Finds the queues of a route among an exchange's bindings, for whoever realises {@link
 * Queues#queues} (kombu {@code transport/virtual/exchange.py}). Thread-safe.
 */
public final class RouteLookup {
  private final TopicPattern patterns = new TopicPattern();

  /** Knows no exchange: the bindings are given with each question. */
  public RouteLookup() {}

  /**
   * Refuses what leads to no queue by its kind.
   *
   * @throws IllegalArgumentException for a fanout route, which leads to subscribers
   */
  public static void check(Route route) {
    if (route.type() == ExchangeType.FANOUT) {
      throw new IllegalArgumentException(
          "fanout exchange %s leads to subscribers, not to queues".formatted(route.exchange()));
    }
  }

  /**
   * The queues a message of this route goes to, in order of their names.
   *
   * @param route a direct or topic route through a named exchange
   * @param table everything bound to the exchange
   * @throws UnroutableException if there are none, with what was found instead
   * @throws BrokerException if a pattern of the table is none, or too much work
   */
  public List<String> queues(Route route, List<Binding> table) {
    List<String> queues =
        table.stream()
            .filter(binding -> leads(binding, route) && !binding.queue().isEmpty())
            .map(Binding::queue)
            .distinct()
            .sorted()
            .toList();
    if (queues.isEmpty()) {
      throw unroutable(route, table);
    }
    return queues;
  }

  private boolean leads(Binding binding, Route route) {
    return route.type() == ExchangeType.TOPIC
        ? !binding.pattern().isEmpty() && patterns.matches(binding.pattern(), route.routingKey())
        : binding.routingKey().equals(route.routingKey());
  }

  private static UnroutableException unroutable(Route route, List<Binding> table) {
    boolean topic = route.type() == ExchangeType.TOPIC;
    String found;
    if (table.isEmpty()) {
      found = "no queue is bound to it; declare and bind one first";
    } else if (topic && table.stream().allMatch(binding -> binding.pattern().isEmpty())) {
      found = "its bindings have no patterns, so it is no topic exchange: send with Route.direct";
    } else if (!topic && table.stream().noneMatch(binding -> binding.pattern().isEmpty())) {
      found = "its bindings are patterns, so it is a topic exchange: send with Route.topic";
    } else {
      found = "none of its %d bindings has such a key".formatted(table.size());
    }
    return new UnroutableException(
        route,
        "%s exchange '%s' leads nowhere by key '%s': %s"
            .formatted(topic ? "topic" : "direct", route.exchange(), route.routingKey(), found));
  }
}
