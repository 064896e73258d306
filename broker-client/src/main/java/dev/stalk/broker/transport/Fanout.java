package dev.stalk.broker.transport;

import dev.stalk.broker.message.Route;
import java.util.function.Consumer;

/**
 * Fanout exchanges: a message goes to everybody subscribed at that moment, at most once, and is
 * kept nowhere. Thread-safe. The methods throw {@link BrokerException} if the broker cannot be
 * asked.
 */
public interface Fanout {

  /**
   * Publishes one message.
   *
   * @param route a fanout route
   * @param message the envelope's bytes
   * @return how many subscriptions it reached, of any language; 0 means nobody has it
   * @throws IllegalArgumentException if the route is not a fanout route
   */
  long publish(Route route, byte[] message);

  /**
   * Subscribes, and survives outages; what is published during one is missed. Also declares the
   * queue as bound to the exchange, and hands over what senders that take the exchange for a direct
   * one have pushed to that queue.
   *
   * @param queue a name of this subscriber's own, such as {@code bcast.host-1}
   * @param route a fanout route; in its key {@code *} and {@code #} stand for any text
   * @param listener called for each message, on a thread of the transport, one at a time; must
   *     return at once. What it throws is logged, and the next message comes all the same
   * @return ends the subscription when closed; closing twice does nothing
   * @throws IllegalArgumentException if the route is not a fanout route
   */
  Subscription subscribe(String queue, Route route, Consumer<Broadcast> listener);

  /** A subscription that stands. */
  interface Subscription extends AutoCloseable {
    /** Ends it, and deletes the queue it declared. */
    @Override
    void close();
  }
}
