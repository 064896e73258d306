package dev.stalk.broker.transport;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one exchange with the broker brought.
 *
 * @param fates what became of each settlement, in the order they were given
 * @param deliveries the messages now held, oldest first
 * @param quarantined how many messages were put aside unseen because they are no JSON objects
 * @param more whether the queue may hold more: the fetch ended before it had emptied it
 * @param failure what stopped the fetch, if something did; the fates and deliveries stand all the
 *     same
 */
public record Exchange(
    List<Settlement.Fate> fates,
    List<Delivery> deliveries,
    int quarantined,
    boolean more,
    @Nullable BrokerException failure) {
  public Exchange {
    fates = List.copyOf(fates);
    deliveries = List.copyOf(deliveries);
  }
}
