package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.UnroutableException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What every broker promises about queues, bindings and the way through exchanges. */
abstract class QueuesContract extends TransportContract {

  private void bind(String queue, Route route) {
    transport.queues().declare(QueueDeclaration.of(queue).boundBy(route));
  }

  private List<String> reached(Route route) {
    return transport.queues().queues(route);
  }

  // ---- bindings

  @Test
  void theBindingsOfAnExchangeAreListedInOrderOfTheirKeysEachOnce() {
    bind("a", Route.topic("e", "x.#"));
    bind("b", Route.topic("e", "w"));
    bind("b", Route.topic("e", "w"));

    assertThat(transport.queues().bindings("e"))
        .containsExactly(
            new Binding("e", "w", "^w$", "b"), new Binding("e", "x.#", "^x\\..*?$", "a"));
    assertThat(broker.transport().queues().bindings("e")).hasSize(2);
  }

  @Test
  void aQueueThatIsSentToOrFetchedFromIsBoundAsCeleryBindsIt() {
    publish("sent", 0, 1);
    line("fetched", "a").exchange(List.of(), 1, false);

    assertThat(reached(Route.direct("sent", "sent"))).containsExactly("sent");
    assertThat(reached(Route.direct("fetched", "fetched"))).containsExactly("fetched");
  }

  @Test
  void whatIsRememberedIsDeclaredWhenItIsNeeded() {
    transport.queues().remember(QueueDeclaration.of("q").boundBy(Route.direct("e", "k")));
    assertThat(transport.queues().bindings("e")).isEmpty();

    assertThat(reached(Route.direct("e", "k"))).containsExactly("q");
  }

  @Test
  void oneBindingIsTakenAwayAndTheOthersStay() {
    bind("q", Route.direct("e", "k"));
    bind("q", Route.direct("e", "l"));
    publish("q", 0, 1);

    transport.queues().unbind("q", Route.direct("e", "k"));

    assertThat(transport.queues().bindings("e")).containsExactly(new Binding("e", "l", "", "q"));
    assertThat(waiting("q")).hasSize(1);
  }

  // ---- the way

  @Test
  void routesLeadWhereTheyAreBound() {
    bind("star", Route.topic("t", "a.*"));
    bind("hash", Route.topic("t", "a.#"));
    bind("one", Route.direct("d", "k"));
    bind("two", Route.direct("d", "k"));
    bind("other", Route.direct("d", "K"));

    assertThat(reached(Route.topic("t", "a.b"))).containsExactly("hash", "star");
    assertThat(reached(Route.topic("t", "a.b.c"))).containsExactly("hash");
    assertThat(reached(Route.direct("d", "k"))).containsExactly("one", "two");
    assertThat(reached(Route.toQueue("any"))).containsExactly("any");
    assertThatThrownBy(() -> reached(Route.fanout("f", "")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatLeadsNowhereIsTold() {
    bind("t", Route.topic("topics", "a.*"));
    bind("d", Route.direct("directs", "a"));

    assertUnroutable(Route.direct("none", "k"), "no queue is bound to it; declare and bind one");
    assertUnroutable(
        Route.direct("topics", "a.b"), "so it is a topic exchange: send with Route.topic");
    assertUnroutable(
        Route.topic("directs", "a"), "it is no topic exchange: send with Route.direct");
    assertUnroutable(Route.direct("directs", "b"), "none of its 1 bindings has such a key");
    assertUnroutable(Route.topic("topics", "a.b.c"), "none of its 1 bindings has such a key");
  }

  private void assertUnroutable(Route route, String why) {
    assertThatThrownBy(() -> reached(route))
        .isInstanceOf(UnroutableException.class)
        .hasMessageContaining("'" + route.exchange() + "' leads nowhere by key")
        .hasMessageContaining(why);
  }

  @Test
  void copiesArePublishedInOrderAllOrNone() {
    transport
        .queues()
        .publish(
            List.of(
                List.of(copy("a", 1), copy("b", 1)), List.of(copy("a", 2)), List.of(copy("b", 3))));
    broker.fill();
    assertThatThrownBy(
            () -> transport.queues().publish(List.of(List.of(copy("a", 4), copy("b", 4)))))
        .isInstanceOf(BrokerFullException.class);
    broker.free();

    assertThat(waiting("a")).containsExactly(envelope(1), envelope(2));
    assertThat(waiting("b")).containsExactly(envelope(1), envelope(3));
  }

  private static Publication copy(String queue, int number) {
    return new Publication(queue, 0, bytes(envelope(number)));
  }

  // ---- looking and deleting

  @Test
  void prioritiesLandOnTheirSteps() {
    for (int priority = 0; priority <= 9; priority++) {
      publish("q", priority, priority);
    }

    assertThat(transport.lengths("q")).isEqualTo(Map.of(0, 3L, 3, 3L, 6, 3L, 9, 1L));
    assertThat(transport.lengths("none")).isEqualTo(Map.of(0, 0L, 3, 0L, 6, 0L, 9, 0L));
  }

  @Test
  void peekingShowsWhatIsServedNextAndTakesNothing() {
    for (int number = 1; number <= 40; number++) {
      publish("q", 0, number);
    }
    publish("q", 9, 41);
    publish("q", 3, 42);

    List<Publication> all = transport.queues().peek("q", 0, 100);

    assertThat(all).hasSize(42);
    assertThat(text(all.get(0).message())).isEqualTo(envelope(1));
    assertThat(text(all.get(41).message())).isEqualTo(envelope(41));
    assertThat(all.get(41).priority()).isEqualTo(9);
    assertThat(transport.queues().peek("q", 38, 3))
        .extracting(each -> text(each.message()))
        .containsExactly(envelope(39), envelope(40), envelope(42));
    assertThat(transport.queues().peek("q", 42, 3)).isEmpty();
    assertThatThrownBy(() -> transport.queues().peek("q", -1, 3))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(waiting("q")).hasSize(42);
  }

  @Test
  void purgingAndDeletingLeaveWhatIsHeld() {
    bind("q", Route.topic("e", "a.*"));
    bind("other", Route.topic("e", "a.*"));
    publish("q", 0, 1);
    publish("q", 3, 2);
    publish("q", 9, 3);
    QueueConnection line = line("q", "a");
    Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);

    assertThat(transport.purge("q")).isEqualTo(2);
    publish("q", 6, 4);
    assertThat(transport.queues().delete("q")).isEqualTo(1);

    assertThat(transport.renew(List.of(held.tag()))).isEmpty();
    assertThat(waiting("q")).isEmpty();
    assertThat(transport.queues().bindings("e"))
        .extracting(Binding::queue)
        .containsExactly("other");
  }

  @Test
  void whatNobodyFetchesInTimeIsDeletedFromAQueueThatExpires() {
    transport.queues().declare(QueueDeclaration.of("q").expiringAfter(Duration.ofMillis(300)));
    publish("q", 0, 1);
    publish("lasting", 0, 2);

    broker.await("it has expired", () -> waiting("q").isEmpty());

    transport.queues().declare(QueueDeclaration.of("q"));
    publish("q", 0, 3);
    assertThat(waiting("q")).containsExactly(envelope(3));
    assertThat(waiting("lasting")).hasSize(1);
  }
}
