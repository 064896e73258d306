package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Settlement.Fate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArrivalTest {
  private static final Lease.Hold HOLD =
      new Lease(Duration.ofMinutes(1), WorkerTime.system()).ask();

  private final Settlement one = new Settlement("one", List.of());
  private final Settlement two = new Settlement("two", List.of());
  private final Delivery first = new Delivery("first", "q", new byte[3]);
  private final Delivery second = new Delivery("second", "q", new byte[4]);
  private final List<Object> seen = new ArrayList<>();

  private Arrival arrival() {
    Arrival arrival = new Arrival(List.of(one, two), null, false, HOLD);
    arrival.brings(
        new Exchange(List.of(Fate.SETTLED, Fate.LAPSED), List.of(first, second), 0, true, null));
    return arrival;
  }

  private void failing(Object thing) {
    seen.add(thing);
    if (seen.size() == 1) {
      throw new OutOfMemoryError("made by the test");
    }
  }

  @Test
  void everySettlementComesWithItsFateAndOnlyOnceThoughSomethingWentWrong() {
    Arrival arrival = arrival();

    assertThatThrownBy(() -> arrival.eachFate((settlement, fate) -> failing(settlement)))
        .isInstanceOf(OutOfMemoryError.class);
    arrival.eachFate(
        (settlement, fate) -> {
          seen.add(settlement);
          seen.add(fate);
        });
    arrival.eachFate((settlement, fate) -> seen.add(settlement));

    assertThat(seen).containsExactly(one, two, Fate.LAPSED);
  }

  @Test
  void aMessageThatCouldNotBeTakenComesAgainAndOneThatWasDoesNot() {
    Arrival arrival = arrival();

    assertThatThrownBy(() -> arrival.eachDelivery(this::failing))
        .isInstanceOf(OutOfMemoryError.class);
    arrival.eachDelivery(seen::add);
    arrival.eachDelivery(seen::add);

    assertThat(seen).containsExactly(first, first, second);
  }

  @Test
  void itTellsTheMemoryOfItsMessages() {
    assertThat(arrival().bytes()).isEqualTo(7);
  }
}
