package dev.stalk.broker.message;

import java.util.Objects;

/**
 * Where a message goes, or what a queue is bound by. Celery sends a task whose queue is bound to a
 * direct exchange through the default exchange {@code ""}, with the queue's name as routing key
 * (celery {@code app/amqp.py:AMQP._create_task_sender}).
 *
 * @param exchange the exchange, {@code ""} for the default one
 * @param type the exchange's type, to be the same as the Python side declares; a route read from a
 *     message, which does not tell, is DIRECT
 * @param routingKey the routing key; with the default exchange it is the queue's name, in a binding
 *     to a topic exchange a pattern
 */
public record Route(String exchange, ExchangeType type, String routingKey) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the default exchange is given another type than DIRECT
   */
  public Route {
    Objects.requireNonNull(exchange, "exchange");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(routingKey, "routingKey");
    if (exchange.isEmpty() && type != ExchangeType.DIRECT) {
      throw new IllegalArgumentException(
          "a %s exchange needs a name: only the default exchange has none".formatted(type));
    }
  }

  /** By the type that kombu takes where none was declared: direct. */
  public Route(String exchange, String routingKey) {
    this(exchange, ExchangeType.DIRECT, routingKey);
  }

  /** Straight to one queue, through the default exchange. */
  public static Route toQueue(String queue) {
    return new Route("", queue);
  }

  /** Through a direct exchange: to every queue bound by this key. */
  public static Route direct(String exchange, String routingKey) {
    return new Route(exchange, ExchangeType.DIRECT, routingKey);
  }

  /**
   * Through a topic exchange: to every queue bound by a pattern that matches the key. In a binding
   * the key is that pattern, words joined by dots: {@code *} stands for a word, {@code #} for any
   * text.
   */
  public static Route topic(String exchange, String routingKey) {
    return new Route(exchange, ExchangeType.TOPIC, routingKey);
  }

  /** Through a fanout exchange: to whoever is subscribed to it with this key. */
  public static Route fanout(String exchange, String routingKey) {
    return new Route(exchange, ExchangeType.FANOUT, routingKey);
  }
}
