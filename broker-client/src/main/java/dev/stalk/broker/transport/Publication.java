package dev.stalk.broker.transport;

import java.util.Objects;

/**
 * An encoded message and the queue it goes to.
 *
 * @param queue the queue's name
 * @param priority 0 to 9, 0 is served first
 * @param message the envelope's bytes; not to be changed afterwards
 */
public record Publication(String queue, int priority, byte[] message) {
  public Publication {
    Objects.requireNonNull(queue, "queue");
    Objects.requireNonNull(message, "message");
  }
}
