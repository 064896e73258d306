package dev.stalk.broker.transport;

import java.time.Duration;

/**
 * What waits in the broker for its time. Used by one thread. After a {@link
 * BrokerUnavailableException} it stays usable and reconnects at the next call.
 */
public interface ParkedMessages extends AutoCloseable {

  /**
   * Returns the messages that are due by the broker's clock to their queues, unchanged, where they
   * are fetched next. Workers share the work without agreeing on it: whoever did it last does it on
   * time, the others look a little later whether it was done.
   *
   * @return after what time to call again; sooner if the wake-up is called
   * @throws BrokerException if the broker refuses or is away; nothing is lost, call again
   */
  Duration restoreDue();

  /** Closes the connection; what is parked stays so. */
  @Override
  void close();
}
