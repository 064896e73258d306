package dev.stalk.worker;

import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Settlement;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What an exchange brings, and how far that has been handed over, so that it can be gone on with
 * where something went wrong. Made before the broker is asked: when it has answered nothing may be
 * missing, not even memory. Used by the queue's loop only.
 */
final class Arrival {
  private final List<Settlement> offered;
  private final QueueBreaker.@Nullable Permissions permissions;
  private final boolean resent;
  private final Lease.Hold hold;

  private List<Settlement.Fate> fates = List.of();
  private List<Delivery> deliveries = List.of();
  private int settled;
  private int begun;

  /**
   * An exchange that is about to be asked for.
   *
   * @param offered what is settled in it
   * @param permissions of the breaker, for the messages that come; null if there is none
   * @param resent whether an exchange has failed before it
   * @param hold of the messages that come
   */
  Arrival(
      List<Settlement> offered,
      QueueBreaker.@Nullable Permissions permissions,
      boolean resent,
      Lease.Hold hold) {
    this.offered = offered;
    this.permissions = permissions;
    this.resent = resent;
    this.hold = hold;
  }

  /** The broker has answered. */
  void brings(Exchange exchange) {
    fates = exchange.fates();
    deliveries = exchange.deliveries();
  }

  List<Settlement> offered() {
    return offered;
  }

  QueueBreaker.@Nullable Permissions permissions() {
    return permissions;
  }

  boolean isResent() {
    return resent;
  }

  Lease.Hold hold() {
    return hold;
  }

  /** How much memory its messages take. */
  long bytes() {
    long bytes = 0;
    for (Delivery delivery : deliveries) {
      bytes += delivery.message().length;
    }
    return bytes;
  }

  /** Each settlement once, whatever becomes of it: it was answered. */
  void eachFate(BiConsumer<Settlement, Settlement.Fate> action) {
    while (settled < fates.size()) {
      int next = settled++;
      action.accept(offered.get(next), fates.get(next));
    }
  }

  /** Each message until it has been taken: it is held here, and nobody else will begin it. */
  void eachDelivery(Consumer<Delivery> action) {
    while (begun < deliveries.size()) {
      action.accept(deliveries.get(begun));
      begun++;
    }
  }
}
