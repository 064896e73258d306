package dev.stalk.broker;

import java.util.Collection;

/**
 * A call goes to a queue that is not declared, and queues are not to be made by sending to them
 * (celery {@code exceptions.py:QueueNotFound}). Nothing was sent.
 */
public final class QueueNotFoundException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String queue;

  QueueNotFoundException(String queue, Collection<String> known) {
    super(
        "queue '%s' is not declared, and missing queues are not created; the declared ones are %s"
            .formatted(queue, known));
    this.queue = queue;
  }

  /** The queue that was asked for. */
  public String queue() {
    return queue;
  }
}
