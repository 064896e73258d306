package dev.stalk.worker;

import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One queue in the heap, with the rules of the real one: a message waits or is held, and a
 * settlement counts once. Every so often an exchange fails, before or after it was done.
 */
final class InMemoryQueue implements QueueConnection {
  private final Deque<byte[]> waiting = new ArrayDeque<>();
  private final Map<String, byte[]> held = new LinkedHashMap<>();
  private final Runnable wake;
  private final int failEvery;
  private int acknowledged;
  private int returned;
  private int exchanges;
  private long lastTag;
  private boolean armed;

  /**
   * @param failEvery each so-manieth exchange fails; 0 for none
   */
  InMemoryQueue(Runnable wake, int failEvery) {
    this.wake = wake;
    this.failEvery = failEvery;
  }

  synchronized void push(byte[] message) {
    waiting.addFirst(message);
    if (armed) {
      armed = false;
      wake.run();
    }
  }

  synchronized int acknowledged() {
    return acknowledged;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  /** The ids of those that wait, the one that is fetched next first. */
  synchronized List<String> waitingIds() {
    Pattern id = Pattern.compile("\"correlation_id\": *\"([^\"]+)\"");
    List<String> ids = new ArrayList<>();
    for (byte[] message : waiting) {
      Matcher found = id.matcher(new String(message, StandardCharsets.UTF_8));
      if (!found.find()) {
        throw new IllegalStateException("a message without an id");
      }
      ids.add(0, found.group(1));
    }
    return ids;
  }

  synchronized int held() {
    return held.size();
  }

  @Override
  public synchronized Exchange exchange(
      List<Settlement> finished, int wanted, boolean arm, Runnable meanwhile) {
    exchanges++;
    boolean fails = failEvery > 0 && exchanges % failEvery == 0;
    if (fails && exchanges % 2 == 0) {
      throw new BrokerUnavailableException("away before it was done", null);
    }
    List<Settlement.Fate> fates = new ArrayList<>();
    finished.forEach(settlement -> fates.add(settle(settlement)));
    meanwhile.run();
    if (fails) {
      throw new BrokerUnavailableException("away after it was done", null);
    }
    List<Delivery> found = new ArrayList<>();
    while (found.size() < wanted && !waiting.isEmpty()) {
      Delivery delivery = Messages.delivery(++lastTag, waiting.removeLast());
      held.put(delivery.tag(), delivery.message());
      found.add(delivery);
    }
    armed = arm && found.size() < wanted;
    return ScriptedConnection.exchange(fates, found, 0, wanted);
  }

  private Settlement.Fate settle(Settlement settlement) {
    if (held.remove(settlement.tag()) == null) {
      return Settlement.Fate.LAPSED;
    }
    for (Effect effect : settlement.effects()) {
      if (effect instanceof Effect.Return back) {
        waiting.addLast(back.publication().message());
        returned++;
        return Settlement.Fate.SETTLED;
      }
    }
    acknowledged++;
    return Settlement.Fate.SETTLED;
  }

  synchronized int returned() {
    return returned;
  }

  @Override
  public boolean givesNotice() {
    return true;
  }

  @Override
  public void close() {}
}
