package dev.stalk.broker;

import java.util.Objects;

/**
 * What is told to monitors of tasks that are sent, and how events travel. Immutable; an invalid one
 * cannot be made.
 *
 * @param taskSent whether an event {@code task-sent} is published for each task that is sent; off
 *     by default (Celery's {@code task_send_sent_event})
 * @param exchange the fanout exchange of all events; {@code celeryev} by default (Celery's {@code
 *     event_exchange})
 * @param memoryLimit about how many bytes of events may wait for a broker that is slow or away, 64
 *     KiB to 1 GiB; 8 MiB by default. When there are more, the oldest are dropped
 */
public record EventConfig(boolean taskSent, String exchange, long memoryLimit) {
  public static final String DEFAULT_EXCHANGE = "celeryev";
  public static final long DEFAULT_MEMORY_LIMIT = 8L << 20;

  /** No event of tasks that are sent; Celery's exchange. */
  public static final EventConfig DEFAULT =
      new EventConfig(false, DEFAULT_EXCHANGE, DEFAULT_MEMORY_LIMIT);

  private static final long LEAST = 64L << 10;
  private static final long MOST = 1L << 30;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the exchange has no name or one with control characters or
   *     a slash, at which receivers would cut it, or the limit is out of its range
   */
  public EventConfig {
    Objects.requireNonNull(exchange, "exchange");
    if (exchange.isBlank()
        || exchange.chars().anyMatch(c -> Character.isISOControl(c) || c == '/')) {
      throw new IllegalArgumentException(
          "the exchange of events needs a name without slashes and control characters");
    }
    if (memoryLimit < LEAST || memoryLimit > MOST) {
      throw new IllegalArgumentException("memory-limit must be between 64KiB and 1GiB");
    }
  }

  /** The same with this in place. */
  public EventConfig withTaskSent(boolean value) {
    return new EventConfig(value, exchange, memoryLimit);
  }

  /** The same with this in place. */
  public EventConfig withExchange(String value) {
    return new EventConfig(taskSent, value, memoryLimit);
  }

  /** The same with this in place, in bytes. */
  public EventConfig withMemoryLimit(long value) {
    return new EventConfig(taskSent, exchange, value);
  }
}
