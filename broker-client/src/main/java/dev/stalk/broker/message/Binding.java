package dev.stalk.broker.message;

import java.util.Objects;

/**
 * One binding as it stands in an exchange's table (kombu {@code
 * transport/redis.py:Channel._queue_bind}).
 *
 * @param exchange the exchange
 * @param routingKey what the queue is bound by
 * @param pattern the regular expression kombu made of it if the exchange is a topic exchange, else
 *     empty
 * @param queue the queue
 */
public record Binding(String exchange, String routingKey, String pattern, String queue) {
  public Binding {
    Objects.requireNonNull(exchange, "exchange");
    Objects.requireNonNull(routingKey, "routingKey");
    Objects.requireNonNull(pattern, "pattern");
    Objects.requireNonNull(queue, "queue");
  }
}
