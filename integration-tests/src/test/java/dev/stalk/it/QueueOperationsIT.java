package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.WaitingMessage;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Settlement.Fate;
import dev.stalk.broker.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What can be done with queues besides sending and working. */
class QueueOperationsIT {
  private static final String SEP = "\u0006\u0016";

  private Interop peers;
  private BrokerClient client;
  private Transport transport;

  @BeforeEach
  void start() {
    peers = new Interop();
    client = peers.client();
    transport = peers.closed(BrokerClient.transport(peers.config().build(), "test"));
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private void send(int number, int priority) {
    client.send(
        TaskSignature.of("t", number).withId("id-" + number).on("q").withPriority(priority));
  }

  private List<String> ids(List<WaitingMessage> messages) {
    return messages.stream().map(message -> message.decode().headers().id()).toList();
  }

  @Test
  void peekingShowsWhatIsServedNextAndTakesNothing() {
    for (int number = 1; number <= 40; number++) {
      send(number, 0);
    }
    send(41, 9);
    send(42, 3);

    List<WaitingMessage> all = client.queues().peek("q", 0, 100);

    assertThat(ids(all)).hasSize(42).startsWith("id-1", "id-2", "id-3").endsWith("id-42", "id-41");
    assertThat(all.get(41).priority()).isEqualTo(9);
    assertThat(ids(client.queues().peek("q", 38, 3))).containsExactly("id-39", "id-40", "id-42");
    assertThat(ids(client.queues().peek("q", 41, 3))).containsExactly("id-41");
    assertThat(client.queues().peek("q", 42, 3)).isEmpty();
    assertThat(client.queues().length("q")).isEqualTo(42);
    assertThat(peers.number("EXISTS", "unacked")).isZero();
  }

  @Test
  void peekingShowsAlsoWhatCannotBeRead() {
    peers.redis().command("LPUSH", "q", "not JSON");

    WaitingMessage found = client.queues().peek("q", 0, 1).get(0);

    assertThat(new String(found.raw(), StandardCharsets.UTF_8)).isEqualTo("not JSON");
    assertThatThrownBy(found::decode).isInstanceOf(MalformedMessageException.class);
  }

  @Test
  void purgingAndDeletingLeaveWhatIsHeld() { // RT-20
    client.queues().bind("q", Route.topic("e", "a.*"));
    client.queues().bind("other", Route.topic("e", "a.*"));
    peers
        .python()
        .eval(
            """
            from kombu import Connection, Exchange, Queue
            with Connection(url) as connection:
                Queue("q", Exchange("f"), routing_key="k").declare(channel=connection.default_channel)
            """);
    send(1, 0);
    send(2, 3);
    send(3, 9);
    QueueConnection line = peers.closed(transport.consume(List.of("q"), "a", () -> {}));
    line.exchange(List.of(), 1, false);

    assertThat(client.queues().purge("q")).isEqualTo(2);
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
    send(4, 6);
    assertThat(client.queues().delete("q")).isEqualTo(1);

    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
    assertThat(client.queues().length("q")).isZero();
    assertThat(client.queues().bindings("e"))
        .extracting(dev.stalk.broker.message.Binding::queue)
        .containsExactly("other");
    assertThat(
            peers.number(
                "EXISTS",
                "_kombu.binding.f",
                "_kombu.binding_permanent.f",
                "_kombu.binding.q",
                "_kombu.binding_permanent.q"))
        .isZero();
  }

  @Test
  void whatIsNoListIsToldAndNotDeleted() {
    peers.redis().command("SET", "q" + SEP + "3", "not a list");
    send(1, 0);

    assertThatThrownBy(() -> client.queues().purge("q"))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("WRONGTYPE");
    assertThatThrownBy(() -> client.queues().peek("q", 0, 9)).hasMessageContaining("WRONGTYPE");

    assertThat(peers.number("LLEN", "q")).isEqualTo(1);
  }

  // queues that expire (kombu 5.7)

  @Test
  void aQueueThatExpiresIsWrittenAsKombuWritesIt() {
    QueueDeclaration ours =
        QueueDeclaration.of("java")
            .boundBy(Route.direct("e", "k"))
            .expiringAfter(Duration.ofMinutes(50));
    client.queues().declare(ours);
    client.send(TaskSignature.of("t").on("java").withPriority(3));
    client.send(TaskSignature.of("t").to(Route.direct("e", "k")));
    peers
        .python()
        .eval(
            """
            from kombu import Connection, Exchange, Queue
            with Connection(url) as connection:
                queue = Queue("python", Exchange("f"), routing_key="k", expires=3000)
                connection.Producer().publish("x", exchange=queue.exchange, routing_key="k",
                                              declare=[queue])
                connection.Producer().publish("x", routing_key="python", priority=3)
                connection.Producer().publish("x", exchange=queue.exchange, routing_key="k",
                                              declare=[queue])
            """);

    for (String queue : List.of("java", "python")) {
      assertThat(peers.number("PTTL", queue)).isBetween(2_900_000L, 3_000_000L);
      assertThat(peers.number("PTTL", queue + SEP + "3")).isBetween(2_900_000L, 3_000_000L);
    }
    assertThat(peers.number("EXISTS", "_kombu.binding_permanent.e")).isZero();
    double ourDeadline = deadline("e");
    assertThat(deadline("f")).isCloseTo(ourDeadline, org.assertj.core.data.Offset.offset(60_000.0));
    assertThat(ourDeadline)
        .isCloseTo(
            (double) transport.time().plus(Duration.ofMinutes(100)).toEpochMilli(),
            org.assertj.core.data.Offset.offset(60_000.0));
  }

  private double deadline(String exchange) {
    return Double.parseDouble(
        (String) peers.redis().command("ZSCORE", "_kombu.binding_deadlines", exchange));
  }

  @Test
  void whatNobodyFetchesInTimeIsDeletedFromAQueueThatExpires() {
    client.queues().declare(QueueDeclaration.of("q").expiringAfter(Duration.ofMillis(200)));
    send(1, 0);
    assertThat(peers.number("PTTL", "q")).isBetween(-2L, 200L);

    Interop.await("it has expired", () -> peers.number("EXISTS", "q") == 0);
    client.queues().declare(QueueDeclaration.of("q"));
    send(2, 0);
    assertThat(peers.number("PTTL", "q")).isEqualTo(-1);
  }

  // one broken queue (RT-58)

  @Test
  void aQueueWhoseKeyIsNoListIsReportedAndTheOthersFlow() {
    peers.redis().command("SET", "broken", "not a list");
    send(1, 0);
    QueueConnection line = peers.closed(transport.consume(List.of("broken", "q"), "a", () -> {}));

    Exchange exchange = line.exchange(List.of(), 10, false);

    assertThat(exchange.deliveries()).extracting(Delivery::queue).containsExactly("q");
    assertThat(exchange.failure()).hasMessageContaining("WRONGTYPE");
    assertThat(peers.redis().command("GET", "broken")).isEqualTo("not a list");
    assertThatThrownBy(() -> client.send(TaskSignature.of("t").on("broken")))
        .hasMessageContaining("WRONGTYPE");
    client.send(TaskSignature.of("t").on("q"));
    assertThat(line.exchange(List.of(), 10, false).deliveries()).hasSize(1);
  }

  // rejecting (RT-44)

  @Test
  void aRejectedMessageIsGoneAndARequeuedOneWaitsLastWithBothMarks() {
    send(1, 0);
    send(2, 0);
    send(3, 0);
    QueueConnection line = peers.closed(transport.consume(List.of("q"), "a", () -> {}));
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();
    byte[] marked = Redelivery.mark(held.get(1).message());

    Exchange settled =
        line.exchange(
            List.of(
                new Settlement(held.get(0).tag(), List.of()),
                new Settlement(
                    held.get(1).tag(),
                    List.of(new Effect.Publish(new Publication("q", 0, marked))))),
            0,
            false);

    assertThat(settled.fates()).containsOnly(Fate.SETTLED);
    assertThat(peers.number("EXISTS", "unacked", "unacked_index")).isZero();
    List<WaitingMessage> left = client.queues().peek("q", 0, 10);
    assertThat(ids(left)).containsExactly("id-3", "id-2");
    assertThat(left.get(1).decode().properties().redelivered()).isTrue();
    assertThat(new String(left.get(1).raw(), StandardCharsets.UTF_8))
        .containsOnlyOnce(", \"redelivered\": true}, \"properties\"");
  }
}
