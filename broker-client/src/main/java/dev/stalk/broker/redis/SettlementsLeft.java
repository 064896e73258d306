package dev.stalk.broker.redis;

import dev.stalk.broker.transport.Settlement;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of an exchange's settlements is left to the broker once their results were stored on a
 * server of their own.
 *
 * @param settlements all of them, in their order, without what was stored
 * @param refusals by the place of its settlement, why a result was not taken there; such a
 *     settlement is to be refused by the broker too, as if it were the broker that could not store
 *     it
 */
record SettlementsLeft(List<Settlement> settlements, Map<Integer, String> refusals) {

  /** All is left: results share the broker's server. */
  static SettlementsLeft all(List<Settlement> settlements) {
    return new SettlementsLeft(settlements, Map.of());
  }

  int size() {
    return settlements.size();
  }

  Settlement at(int place) {
    return settlements.get(place);
  }

  /** Why the settlement at this place is not to be carried out; null if it is. */
  @Nullable String refusal(int place) {
    return refusals.isEmpty() ? null : refusals.get(place);
  }
}
