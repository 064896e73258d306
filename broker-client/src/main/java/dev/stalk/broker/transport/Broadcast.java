package dev.stalk.broker.transport;

import java.util.Objects;

/**
 * A message from a fanout exchange.
 *
 * @param exchange the exchange
 * @param routingKey the key it was published by; empty where {@code fanout_patterns} is off
 * @param message the envelope's bytes; not to be changed
 */
public record Broadcast(String exchange, String routingKey, byte[] message) {
  public Broadcast {
    Objects.requireNonNull(exchange, "exchange");
    Objects.requireNonNull(routingKey, "routingKey");
    Objects.requireNonNull(message, "message");
  }
}
