package dev.stalk.broker.message;

import java.util.Objects;

/**
 * Where a message goes. Celery sends a task whose queue is bound to a direct exchange through the
 * default exchange {@code ""}, with the queue's name as routing key (celery {@code
 * app/amqp.py:AMQP._create_task_sender}).
 *
 * @param exchange the exchange, {@code ""} for the default one
 * @param routingKey the routing key; with the default exchange it is the queue's name
 */
public record Route(String exchange, String routingKey) {
  public Route {
    Objects.requireNonNull(exchange, "exchange");
    Objects.requireNonNull(routingKey, "routingKey");
  }

  /** Straight to one queue. */
  public static Route toQueue(String queue) {
    return new Route("", queue);
  }
}
