package dev.stalk.it;

import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What the contracts share: the broker they are held against, and messages to send through it. */
abstract class TransportContract {
  private static final String ENVELOPE =
      "{\"body\": \"\", \"headers\": {}, \"properties\": {}, \"n\": %s}";

  private final Deque<QueueConnection> lines = new ArrayDeque<>();
  final Semaphore woken = new Semaphore(0);
  TransportUnderTest broker;
  Transport transport;

  /** Starts the broker. */
  abstract TransportUnderTest start();

  @BeforeEach
  final void startBroker() {
    broker = start();
    transport = broker.transport();
  }

  @AfterEach
  final void stopBroker() {
    lines.forEach(QueueConnection::close);
    broker.close();
  }

  QueueConnection line(String queue, String holder) {
    return line(transport, holder, queue);
  }

  QueueConnection line(Transport with, String holder, String... queues) {
    return line(with, QueueOrder.ROUND_ROBIN, holder, queues);
  }

  QueueConnection line(Transport with, QueueOrder order, String holder, String... queues) {
    QueueConnection line = with.consume(List.of(queues), order, holder, woken::release);
    lines.push(line);
    return line;
  }

  void publish(String queue, int priority, int number) {
    publish(queue, priority, ENVELOPE.formatted(number));
  }

  void publish(String queue, int priority, String message) {
    transport.publish(List.of(new Publication(queue, priority, bytes(message))));
  }

  List<String> waiting(String queue) {
    return transport.queues().peek(queue, 0, 1000).stream()
        .map(publication -> text(publication.message()))
        .toList();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static String envelope(int number) {
    return ENVELOPE.formatted(number);
  }

  static List<Integer> numbers(Exchange exchange) {
    List<Integer> numbers = new ArrayList<>();
    for (Delivery delivery : exchange.deliveries()) {
      numbers.add(Integer.parseInt(text(delivery.message()).replaceAll(".*\"n\": (\\d+)}", "$1")));
    }
    return numbers;
  }

  static Settlement done(Delivery delivery, Effect... effects) {
    return new Settlement(delivery.tag(), List.of(effects));
  }
}
