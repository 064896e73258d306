package dev.stalk.broker.transport;

import java.util.Objects;

/**
 * A message held by this process. It stays recorded in the broker under its tag until a {@link
 * Settlement} of that tag succeeds or the lease on it lapses: delivery is at least once, and a
 * message whose holder dies is delivered again.
 *
 * @param tag names this delivery, and no other, in the broker
 * @param queue the queue it came from
 * @param message the envelope's bytes as they were published; not to be changed
 */
public record Delivery(String tag, String queue, byte[] message) {
  public Delivery {
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(queue, "queue");
    Objects.requireNonNull(message, "message");
  }
}
