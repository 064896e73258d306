package dev.stalk.broker.message;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A queue with what it is bound by (kombu {@code entity.py:Queue}). Immutable.
 *
 * <pre>{@code
 * QueueDeclaration.of("invoices").boundBy(Route.topic("orders", "order.*.paid"))
 * }</pre>
 *
 * @param queue the queue's name
 * @param bindings its bindings; none stands for Celery's usual one, to the direct exchange of the
 *     queue's name by the queue's name
 * @param expires kombu's {@code x-expires}: this long after the last message that was published by
 *     somebody who declared it so, the waiting messages are deleted; whole milliseconds; null for
 *     never. Needs kombu 5.7 on the Python side, which earlier ignores it
 */
public record QueueDeclaration(String queue, List<Route> bindings, @Nullable Duration expires) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the name is blank or holds control characters, a binding is
   *     to the default exchange, or the expiry is less than a millisecond
   */
  public QueueDeclaration {
    if (queue.isBlank() || queue.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "a queue's name must not be blank nor hold control characters");
    }
    bindings = List.copyOf(bindings);
    for (Route binding : bindings) {
      if (binding.exchange().isEmpty()) {
        throw new IllegalArgumentException(
            "queue %s needs no binding to the default exchange, which reaches every queue"
                .formatted(queue));
      }
    }
    if (expires != null && expires.toMillis() < 1) {
      throw new IllegalArgumentException(
          "a queue must not expire in less than a millisecond, not " + expires);
    }
  }

  /** A queue as Celery declares one that it knows nothing else about. */
  public static QueueDeclaration of(String queue) {
    return new QueueDeclaration(queue, List.of(), null);
  }

  /** A copy with one more binding. */
  public QueueDeclaration boundBy(Route binding) {
    List<Route> more = new ArrayList<>(bindings);
    more.add(binding);
    return new QueueDeclaration(queue, more, expires);
  }

  /** A copy whose messages are deleted when none has come for this long. */
  public QueueDeclaration expiringAfter(Duration idle) {
    return new QueueDeclaration(queue, bindings, idle);
  }
}
