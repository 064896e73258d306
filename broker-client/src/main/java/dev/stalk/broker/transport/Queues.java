package dev.stalk.broker.transport;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import java.util.List;

/**
 * Declares queues, looks into them and finds the way to them. Whatever a transport was told to
 * declare it declares again after an outage, as kombu does. Thread-safe. Every method throws {@link
 * BrokerException} if the broker cannot be asked.
 */
public interface Queues {

  /**
   * Writes a queue's bindings, once or as often as one likes. Messages are then found by senders of
   * any language. A later declaration replaces what this transport knows of the queue's expiry, and
   * adds to its bindings.
   */
  void declare(QueueDeclaration declaration);

  /**
   * Takes note of a queue without asking the broker: its bindings are written before a message is
   * next published through an exchange, or to that queue.
   */
  void remember(QueueDeclaration declaration);

  /** Takes one binding away. Others of the queue stay, and so do its messages. */
  void unbind(String queue, Route binding);

  /**
   * Everything bound to an exchange, in order of the keys.
   *
   * @throws BrokerException if the table holds what is no binding, naming it
   */
  List<Binding> bindings(String exchange);

  /**
   * The queues a message of this route goes to, in order of their names; for the default exchange
   * that is the routing key itself.
   *
   * @throws UnroutableException if there are none
   * @throws IllegalArgumentException for a fanout route, which leads to subscribers
   */
  List<String> queues(Route route);

  /**
   * Publishes the copies of routed messages, in order. Of each message either all copies are
   * published or none.
   *
   * @param messages for each message its copies, with a delivery tag of their own each
   * @param retry how often what was not confirmed is tried again, where it is not as configured
   * @throws BrokerException if the broker did not confirm them all; with {@link
   *     BrokerUnavailableException} some messages may have been published
   */
  void publish(List<List<Publication>> messages, PublishRetry retry);

  /** Publishes, and tries again as configured. */
  default void publish(List<List<Publication>> messages) {
    publish(messages, PublishRetry.AS_CONFIGURED);
  }

  /**
   * Looks at waiting messages without taking them, those served first in front.
   *
   * @param queue the queue
   * @param offset how many to pass over, from 0
   * @param limit how many to return at most, 1 to 1,000; a page of large messages may be shorter
   */
  List<Publication> peek(String queue, long offset, int limit);

  /**
   * Deletes a queue: its waiting messages at every priority and all its bindings, whoever made
   * them. Held messages are not touched. Consumers that still run may declare it again.
   *
   * @return how many messages waited
   */
  long delete(String queue);
}
