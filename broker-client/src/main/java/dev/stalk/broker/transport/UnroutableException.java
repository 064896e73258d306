package dev.stalk.broker.transport;

import dev.stalk.broker.message.Route;

/**
 * An exchange leads to no queue by this routing key, so nothing was sent. Kombu drops such a
 * message without a word.
 */
public final class UnroutableException extends BrokerException {
  private static final long serialVersionUID = 1L;

  private final String exchange;
  private final String routingKey;

  /**
   * @param route the route that leads nowhere
   * @param message what was found, and what to do about it
   */
  public UnroutableException(Route route, String message) {
    super(message);
    this.exchange = route.exchange();
    this.routingKey = route.routingKey();
  }

  /** The exchange that was sent to. */
  public String exchange() {
    return exchange;
  }

  /** The routing key that was sent by. */
  public String routingKey() {
    return routingKey;
  }
}
