package dev.stalk.broker.redis;

import dev.stalk.broker.transport.Settlement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Numbers a line's settlements of deliveries that were acknowledged before, so that Redis can tell
 * which it has carried out. One that is offered again before there was an answer keeps its number.
 * One that was left out meanwhile gets a new one: it may then be carried out twice, but never not
 * at all. One thread's.
 */
final class SettlementNumbers {
  private Map<String, Long> unanswered = Map.of();
  private long last;

  /** These are about to be offered. */
  void offer(List<Settlement> settlements) {
    Map<String, Long> offered = Map.of(); // as nearly always
    for (Settlement settlement : settlements) {
      if (isNumbered(settlement)) {
        offered = offered.isEmpty() ? new HashMap<>() : offered;
        Long before = unanswered.get(settlement.tag());
        offered.put(settlement.tag(), before == null ? ++last : before);
      }
    }
    unanswered = offered;
  }

  /** What was offered was answered for: what comes under the same tags now is something new. */
  void answered() {
    unanswered = Map.of();
  }

  /** Whether none of those offered has a number. */
  boolean isEmpty() {
    return unanswered.isEmpty();
  }

  /** Whether a settlement has a number: nothing that is held would tell that it was done. */
  static boolean isNumbered(Settlement settlement) {
    return settlement.claim() == Settlement.Claim.ACKNOWLEDGED;
  }

  /** The number of one that is offered, and is {@link #isNumbered}. */
  long of(Settlement settlement) {
    return unanswered.getOrDefault(settlement.tag(), 0L);
  }
}
