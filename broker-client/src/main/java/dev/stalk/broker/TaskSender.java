package dev.stalk.broker;

import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Transport;
import dev.stalk.broker.transport.UnroutableException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Brings messages on their way, each by its route: straight to a queue, to the queues of an
 * exchange, or to subscribers (celery {@code app/amqp.py:AMQP._create_task_sender}). Thread-safe.
 */
public final class TaskSender {
  private final Transport transport;
  private final MessageFactory messages;
  private final @Nullable EventDispatcher events;

  /** Sends by this transport what this factory makes. */
  public TaskSender(Transport transport, MessageFactory messages) {
    this(transport, messages, null);
  }

  /**
   * @param events is told of each message that was sent; null if nobody wants to know
   */
  TaskSender(Transport transport, MessageFactory messages, @Nullable EventDispatcher events) {
    this.transport = transport;
    this.messages = messages;
    this.events = events;
  }

  /** A stretch of messages that go the same kind of way. */
  private interface Stretch {
    void send();
  }

  /**
   * Sends messages in order. All are encoded and all routes looked up before the first is sent.
   *
   * @throws UnroutableException if a route leads nowhere
   * @throws BrokerException if the broker did not confirm all of them
   * @throws EncodingException if one has no form in its serializer; then none was sent
   */
  public void send(List<TaskMessage> all) {
    List<Publication> straight = new ArrayList<>();
    List<List<Publication>> routed = new ArrayList<>();
    List<Stretch> stretches = new ArrayList<>();
    Map<Route, List<String>> found = new HashMap<>();
    PublishRetry retry = PublishRetry.AS_CONFIGURED;
    for (TaskMessage message : all) {
      Route route = message.properties().route();
      if (!retry.equals(message.properties().retry())) {
        cut(straight, routed, retry, stretches);
        retry = message.properties().retry();
      }
      if (route.exchange().isEmpty()) {
        cut(new ArrayList<>(), routed, retry, stretches);
        straight.add(messages.publication(message));
      } else if (route.type() == ExchangeType.FANOUT) {
        cut(straight, routed, retry, stretches);
        byte[] encoded = messages.encode(message);
        stretches.add(() -> broadcast(route, encoded));
      } else {
        cut(straight, new ArrayList<>(), retry, stretches);
        List<String> queues = found.computeIfAbsent(route, transport.queues()::queues);
        routed.add(messages.copies(message, queues));
      }
    }
    cut(straight, routed, retry, stretches);
    stretches.forEach(Stretch::send);
    if (events != null) {
      all.forEach(message -> events.send(SentEvents.of(message)));
    }
  }

  /** Ends the stretch that these messages are, if there are any. */
  private void cut(
      List<Publication> straight,
      List<List<Publication>> routed,
      PublishRetry retry,
      List<Stretch> stretches) {
    if (!straight.isEmpty()) {
      List<Publication> stretch = List.copyOf(straight);
      stretches.add(() -> transport.publish(stretch, retry));
      straight.clear();
    }
    if (!routed.isEmpty()) {
      List<List<Publication>> stretch = List.copyOf(routed);
      stretches.add(() -> transport.queues().publish(stretch, retry));
      routed.clear();
    }
  }

  private void broadcast(Route route, byte[] message) {
    if (transport.fanout().publish(route, message) == 0) {
      throw new UnroutableException(
          route,
          "nobody listens to fanout exchange '%s' by key '%s', and it keeps no messages"
              .formatted(route.exchange(), route.routingKey()));
    }
  }
}
