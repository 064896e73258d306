package dev.stalk.broker.transport;

import java.util.List;

/**
 * What one exchange with the broker brought.
 *
 * @param fates what became of each settlement, in the order they were given
 * @param deliveries the messages now held, oldest first
 * @param quarantined how many messages were put aside unseen because they are no JSON objects
 */
public record Exchange(List<Settlement.Fate> fates, List<Delivery> deliveries, int quarantined) {
  public Exchange {
    fates = List.copyOf(fates);
    deliveries = List.copyOf(deliveries);
  }
}
