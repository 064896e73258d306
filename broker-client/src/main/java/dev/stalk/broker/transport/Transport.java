package dev.stalk.broker.transport;

import dev.stalk.broker.message.PublishRetry;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Moves messages. At every instant a message that was accepted is in its queue, recorded as held or
 * parked, or in quarantine; never in a process alone. Writes one line of log when the broker goes
 * away, and one with the length when it is back, however many of its users notice. Thread-safe.
 */
public interface Transport extends AutoCloseable {

  /**
   * Publishes messages in order, in as few round trips as possible, and returns when the broker has
   * confirmed all of them.
   *
   * @param retry how often what was not confirmed is tried again, where it is not as configured
   * @throws BrokerException if the broker did not confirm them all; with {@link
   *     BrokerUnavailableException} some may have been published
   */
  void publish(List<Publication> publications, PublishRetry retry);

  /** Publishes, and tries again as configured. */
  default void publish(List<Publication> publications) {
    publish(publications, PublishRetry.AS_CONFIGURED);
  }

  /**
   * Opens a line of its own for a queue, or for several that share one. The connection is made at
   * the first exchange. Messages of a more urgent step come before those of a less urgent one.
   *
   * @param queues the queues to fetch from, at least one, each once
   * @param order which of them comes first within a step
   * @param holder names this consumer in the tags of what it holds; unique among all processes
   * @param wake called on a thread of the transport when there may be something to fetch; must
   *     return at once
   */
  QueueConnection consume(List<String> queues, QueueOrder order, String holder, Runnable wake);

  /**
   * Opens such a line on which the queues take turns within a step (kombu's {@code
   * queue_order_strategy} {@code round_robin}).
   */
  default QueueConnection consume(List<String> queues, String holder, Runnable wake) {
    return consume(queues, QueueOrder.ROUND_ROBIN, holder, wake);
  }

  /**
   * Renews the lease on held messages, and gives a sign of life of every open line. Is to be called
   * several times per lease, also when nothing is held.
   *
   * @param tags of what is held on the lines of this transport
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
   * Opens the messages that wait in the broker for their time.
   *
   * @param wake called on a thread of the transport when something may be due earlier than was
   *     known; must return at once
   */
  ParkedMessages parked(Runnable wake);

  /**
   * Returns messages to their queues whose Java line has given no sign of life while this process
   * watched, for at least one lease. Is to be called several times per lease. They are marked as
   * redelivered and fetched next, at their priority. What was fetched or renewed since half a lease
   * ago is left alone.
   *
   * @return how many
   */
  int restoreAbandoned();

  /**
   * Returns messages to their queues that were not acknowledged within the visibility timeout, as
   * kombu does for workers of any language (kombu {@code transport/redis.py:QoS.restore_visible}).
   * Those that a Java line may still hold are first watched for a lease. Entries that cannot be
   * restored are kept and reported, or put aside if they would stop Python workers. Is to be called
   * regularly; does nothing while another worker does it.
   *
   * @return how many entries were returned or put aside
   */
  int restoreVisible();

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
