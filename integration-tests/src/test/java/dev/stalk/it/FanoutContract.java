package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.Broadcast;
import dev.stalk.broker.transport.Fanout;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/** What every broker promises about fanout exchanges. */
abstract class FanoutContract extends TransportContract {
  private final Queue<Broadcast> heard = new ConcurrentLinkedQueue<>();

  private long say(String key, int number) {
    return broker.transport().fanout().publish(Route.fanout("e", key), bytes(envelope(number)));
  }

  private List<String> keysHeard() {
    return heard.stream().map(Broadcast::routingKey).toList();
  }

  @Test
  void whoListensHearsTheKeysItAskedForInOrder() {
    try (Fanout.Subscription subscription =
        transport.fanout().subscribe("ear", Route.fanout("e", "worker.#"), heard::add)) {
      assertThat(subscription).isNotNull();

      assertThat(say("worker.one", 1)).isEqualTo(1);
      assertThat(say("task.sent", 2)).isZero();
      assertThat(say("worker.on.line", 3)).isEqualTo(1);

      broker.await("both are heard", () -> heard.size() == 2);
    }
    assertThat(keysHeard()).containsExactly("worker.one", "worker.on.line");
    assertThat(text(heard.peek().message())).isEqualTo(envelope(1));
    assertThat(heard.peek().exchange()).isEqualTo("e");
  }

  @Test
  void everySubscriberHearsAndNothingIsKeptForLaterOnes() {
    Queue<Broadcast> second = new ConcurrentLinkedQueue<>();
    assertThat(say("k", 1)).isZero();
    try (Fanout.Subscription one =
            transport.fanout().subscribe("one", Route.fanout("e", "k"), heard::add);
        Fanout.Subscription two =
            broker.transport().fanout().subscribe("two", Route.fanout("e", "*"), second::add)) {
      assertThat(one).isNotSameAs(two);

      assertThat(say("k", 2)).isEqualTo(2);

      broker.await("both hear it", () -> heard.size() == 1 && second.size() == 1);
    }
    assertThat(text(heard.peek().message())).isEqualTo(envelope(2));
  }

  @Test
  void aListenerThatThrowsHearsTheNextMessageAllTheSame() {
    try (Fanout.Subscription subscription =
        transport
            .fanout()
            .subscribe(
                "ear",
                Route.fanout("e", "k"),
                broadcast -> {
                  heard.add(broadcast);
                  throw new IllegalStateException("cannot read this");
                })) {
      assertThat(subscription).isNotNull();
      say("k", 1);
      say("k", 2);

      broker.await("both are heard", () -> heard.size() == 2);
    }
  }

  @Test
  void whatWasPushedToTheSubscribersQueueBeforeItCameIsTakenIn() {
    publish("ear", 0, 1);

    try (Fanout.Subscription subscription =
        transport.fanout().subscribe("ear", Route.fanout("e", "k"), heard::add)) {
      assertThat(subscription).isNotNull();
      broker.await("it is taken in", () -> heard.size() == 1);
    }
    assertThat(keysHeard()).containsExactly("k");
    assertThat(waiting("ear")).isEmpty();
  }

  @Test
  void aClosedSubscriptionHearsNothingAndLeavesNoBindingBehind() {
    Fanout.Subscription subscription =
        transport.fanout().subscribe("ear", Route.fanout("e", "a.#"), heard::add);
    assertThat(transport.queues().bindings("e")).hasSize(1);

    subscription.close();
    subscription.close();

    broker.await("nobody listens", () -> say("a.b", 1) == 0);
    assertThat(transport.queues().bindings("e")).isEmpty();
    assertThat(heard).isEmpty();
  }

  @Test
  void anotherKindOfRouteIsRefused() {
    assertThatThrownBy(() -> transport.fanout().publish(Route.direct("e", "k"), bytes("no")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> transport.fanout().subscribe("q", Route.topic("e", "k"), heard::add))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
