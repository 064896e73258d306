package dev.stalk.broker;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Transport;
import java.util.List;
import java.util.Map;

/**
 * What can be done with queues besides sending to them. Thread-safe; usable until its client is
 * closed. Every method throws {@link BrokerException} if the broker cannot be asked.
 */
public final class QueueOperations {
  private final Transport transport;

  QueueOperations(Transport transport) {
    this.transport = transport;
  }

  /** The number of waiting messages of a queue; held ones do not count. */
  public long length(String queue) {
    return lengths(queue).values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * The number of waiting messages of a queue per priority step, 0 first; held ones do not count.
   */
  public Map<Integer, Long> lengths(String queue) {
    return transport.lengths(queue);
  }

  /**
   * Looks at waiting messages without taking them, those served first in front.
   *
   * @param queue the queue
   * @param offset how many to pass over, from 0
   * @param limit how many to return at most, 1 to 1,000; a page of large messages may be shorter
   */
  public List<WaitingMessage> peek(String queue, long offset, int limit) {
    return transport.queues().peek(queue, offset, limit).stream()
        .map(found -> new WaitingMessage(found.queue(), found.priority(), found.message()))
        .toList();
  }

  /**
   * Deletes the waiting messages of a queue; those that workers hold are not touched.
   *
   * @return how many there were
   */
  public long purge(String queue) {
    return transport.purge(queue);
  }

  /**
   * Deletes a queue: its waiting messages at every priority and all its bindings, whoever made
   * them. Held messages are not touched. Consumers that still run may declare it again.
   *
   * @return how many messages waited
   */
  public long delete(String queue) {
    return transport.queues().delete(queue);
  }

  /**
   * Declares a queue, so that senders of any language reach it through the exchanges it is bound
   * to. This client declares it again after every outage.
   */
  public void declare(QueueDeclaration declaration) {
    transport.queues().declare(declaration);
  }

  /** Adds one binding to a queue. */
  public void bind(String queue, Route binding) {
    declare(QueueDeclaration.of(queue).boundBy(binding));
  }

  /** Takes one binding away from a queue. Its messages stay. */
  public void unbind(String queue, Route binding) {
    transport.queues().unbind(queue, binding);
  }

  /** Everything bound to an exchange, in order of the keys. */
  public List<Binding> bindings(String exchange) {
    return transport.queues().bindings(exchange);
  }
}
