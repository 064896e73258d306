package dev.stalk.broker.transport;

import java.util.List;

/**
 * A line to the broker of one queue's own, or of a few that share it to the broker: settles what
 * has finished and fetches more, in one atomic step and one round trip. Owned by one thread. After
 * a {@link BrokerUnavailableException} it stays usable and reconnects at the next call.
 */
public interface QueueConnection extends AutoCloseable {

  /**
   * Settles and fetches. If the connection breaks before the answer arrives, whether it was done is
   * unknown. Then everything that was offered is to be offered again, with anything new behind it:
   * what was carried out is not carried out again. A delivery that is no longer held is reported as
   * lapsed; what was {@link Settlement#afterAcknowledgement acknowledged early} is recognised by
   * its tag and gets the fate it had. The broker remembers that for a day after the line last
   * settled such; after a longer outage it may be written twice.
   *
   * @param finished deliveries that have ended; may be empty, and must not change before this
   *     returns
   * @param wanted how many messages to fetch at most; may be 0
   * @param arm whether to ask for a wake-up at the next push, should fewer than {@code wanted} be
   *     found
   * @param meanwhile run once by the caller's thread when the broker is asked, before its answer is
   *     waited for: work there takes no time of the exchange. Not run if the broker could not be
   *     asked. Must not use this connection. What it throws ends the call, as if the connection had
   *     broken before the answer arrived
   * @return the fates and the messages
   * @throws BrokerException if nothing was fetched and it is not known that anything was settled
   */
  Exchange exchange(List<Settlement> finished, int wanted, boolean arm, Runnable meanwhile);

  /** The same with nothing to do meanwhile. */
  default Exchange exchange(List<Settlement> finished, int wanted, boolean arm) {
    return exchange(finished, wanted, arm, () -> {});
  }

  /**
   * Whether the broker will give notice of the next push after an armed exchange that found fewer
   * messages than wanted. If not, the owner has to look again from time to time.
   */
  boolean givesNotice();

  /** Closes the connection; messages still held stay recorded. */
  @Override
  void close();
}
