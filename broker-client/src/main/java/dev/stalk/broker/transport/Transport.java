package dev.stalk.broker.transport;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Moves messages. At every instant a message that was accepted is in its queue, recorded as held or
 * parked, or in quarantine; never in a process alone. Thread-safe.
 */
public interface Transport extends AutoCloseable {

  /**
   * Publishes messages in order, in as few round trips as possible, and returns when the broker has
   * confirmed all of them.
   *
   * @throws BrokerException if the broker did not confirm them all; with {@link
   *     BrokerUnavailableException} some may have been published
   */
  void publish(List<Publication> publications);

  /**
   * Opens a line of its own for a queue, or for several that share one. The connection is made at
   * the first exchange. Messages of a more urgent step come before those of a less urgent one;
   * within a step the queues take turns (kombu's {@code queue_order_strategy} {@code round_robin}).
   *
   * @param queues the queues to fetch from, at least one, each once
   * @param holder names this consumer in the tags of what it holds; unique among all processes
   * @param wake called on a thread of the transport when there may be something to fetch; must
   *     return at once
   */
  QueueConnection consume(List<String> queues, String holder, Runnable wake);

  /**
   * Renews the lease on held messages.
   *
   * @return the tags that are no longer held
   */
  List<String> renew(Collection<String> tags);

  /**
   * Counts that a message which has been with a worker before is begun once more. The count is
   * forgotten with {@link Effect.ForgetDeliveries}, or a week after it was last asked for.
   *
   * @param deliveryTag the tag in the message's properties
   * @return how often it has been begun, its first delivery and this one included
   */
  long countDelivery(String deliveryTag);

  /**
   * Returns parked messages whose time has come to their queues.
   *
   * @return how many
   */
  int restoreDue();

  /**
   * Returns messages to their queues whose Java holder has not renewed its lease while this process
   * watched, for at least one lease. Is to be called regularly.
   *
   * @return how many
   */
  int restoreAbandoned();

  /** The number of waiting messages per priority step, 0 first; held ones do not count. */
  Map<Integer, Long> lengths(String queue);

  /**
   * Deletes the waiting messages of a queue. Held ones are not touched.
   *
   * @return how many there were
   */
  long purge(String queue);

  /** Declares queues, looks into them and finds the way to them. */
  Queues queues();

  /** Publishes to everybody who listens, and listens. */
  Fanout fanout();

  /** What was put aside. */
  Quarantine quarantine();

  /** The broker's clock. */
  Instant time();

  /** Where results are kept. */
  ResultBackend results();

  /** Closes every connection. What waits inside is woken with an exception. */
  @Override
  void close();
}
