package dev.stalk.worker;

import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Transport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How often a message may be begun before it is taken for what kills its workers. Thread-safe. */
final class DeliveryLimit {
  private static final Logger log = LoggerFactory.getLogger(DeliveryLimit.class);

  private final Transport transport;
  private final int maxDeliveries;

  DeliveryLimit(Transport transport, int maxDeliveries) {
    this.transport = transport;
    this.maxDeliveries = maxDeliveries;
  }

  /** 0 for any number of times. */
  int maxDeliveries() {
    return maxDeliveries;
  }

  /**
   * Counts one more beginning of a redelivered message. Where the broker is away it cannot be
   * counted, and the message is begun all the same.
   */
  long count(String deliveryTag) {
    try {
      return transport.countDelivery(deliveryTag);
    } catch (BrokerException e) {
      log.warn("a redelivery could not be counted: {}", e.getMessage());
      return 1;
    }
  }
}
