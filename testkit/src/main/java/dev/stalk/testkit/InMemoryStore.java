package dev.stalk.testkit;

import dev.stalk.broker.message.Binding;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What all transports of a broker in memory share, under one lock: each call of {@link #step} is
 * one atomic step, as a script is in Redis. Who is to be told of it is told after the step.
 */
final class InMemoryStore {
  /** A message held by a line; the score is the last sign of life. */
  record Held(String tag, String queue, byte[] message, Instant score) {
    Held renewed(Instant now) {
      return new Held(tag, queue, message, now);
    }
  }

  /** A message that waits for its time; the number keeps the order of those due together. */
  record Parked(Instant due, long number, String queue, byte[] message) {
    static final Comparator<Parked> IN_ORDER =
        Comparator.comparing(Parked::due).thenComparing(Parked::number);
  }

  /** How often a message was begun again, and until when that is remembered. */
  record Count(long deliveries, Instant forgotten) {}

  /** A result, and until when it is kept; null for ever. */
  record Result(byte[] meta, @Nullable Instant expires) {}

  /** Is told of what changes, after the step; must return at once. */
  interface Listener {
    /** A message was added to a queue. */
    default void pushed(String queue) {}

    /** Something was parked. */
    default void parked() {}

    /** A result was stored and announced. */
    default void announced(String taskId, byte[] meta) {}

    /** The broker was away, and is back. */
    default void back() {}
  }

  private final Clock clock;
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, InMemoryQueue> queues = new HashMap<>();
  private final List<Runnable> afterwards = new ArrayList<>();
  private long numbers;
  private boolean down;
  private boolean full;
  private boolean losing;

  /** By tag, which is in the order of fetching within a line. Guarded by the lock, as all below. */
  final SortedMap<String, Held> held = new TreeMap<>();

  /** The lines that may hold messages, by their last sign of life. */
  final Map<String, Instant> holders = new HashMap<>();

  final List<Parked> parked = new ArrayList<>();
  final Map<String, Count> counts = new HashMap<>();
  final Map<String, Result> results = new HashMap<>();
  final SortedMap<String, List<InMemoryQuarantine.Kept>> quarantine = new TreeMap<>();
  final Map<String, Set<Binding>> bindings = new LinkedHashMap<>();
  final List<InMemoryFanout.Standing> subscriptions = new ArrayList<>();

  InMemoryStore(Clock clock) {
    this.clock = clock;
  }

  Instant now() {
    return clock.instant();
  }

  void add(Listener listener) {
    listeners.add(listener);
  }

  void remove(Listener listener) {
    listeners.remove(listener);
  }

  /**
   * Does something in one step.
   *
   * @throws BrokerUnavailableException if the broker is down
   */
  <T extends @Nullable Object> T step(Supplier<T> action) {
    List<Runnable> news;
    T value;
    synchronized (this) {
      checkReachable();
      try {
        value = action.get();
      } finally {
        news = List.copyOf(afterwards);
        afterwards.clear();
      }
    }
    news.forEach(Runnable::run);
    return value;
  }

  /** The same for what gives nothing back. */
  void step(Runnable action) {
    var unused =
        step(
            () -> {
              action.run();
              return true;
            });
  }

  private void checkReachable() {
    if (down) {
      throw new BrokerUnavailableException("the broker in memory was told to be down", null);
    }
  }

  /**
   * To be called in a step, before it writes what needs memory.
   *
   * @throws BrokerFullException if the memory is full
   */
  void checkMemory() {
    if (full) {
      throw new BrokerFullException("the broker in memory was told to be full", null);
    }
  }

  synchronized void down() {
    down = true;
  }

  void up() {
    synchronized (this) {
      if (!down) {
        return;
      }
      down = false;
    }
    listeners.forEach(Listener::back);
  }

  synchronized void full(boolean value) {
    full = value;
  }

  synchronized void loseAnswer() {
    losing = true;
  }

  /** Whether the answer of this exchange is to be lost; the next one's is not. In a step. */
  boolean losesAnswer() {
    boolean lost = losing;
    losing = false;
    return lost;
  }

  /** A number that grows. In a step. */
  long nextNumber() {
    return ++numbers;
  }

  /** In a step. */
  InMemoryQueue queue(String name) {
    return queues.computeIfAbsent(name, fresh -> new InMemoryQueue());
  }

  /** The queues in which messages wait, in order of their names. In a step. */
  List<String> busyQueues() {
    return queues.entrySet().stream()
        .filter(
            queue ->
                InMemoryQueue.STEPS.stream()
                    .anyMatch(step -> queue.getValue().length(step, now()) > 0))
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /** Adds a message behind those that wait at its priority. In a step. */
  void push(String queue, int priority, byte[] message) {
    queue(queue).push(priority, message, now());
    pushed(queue);
  }

  /** Puts a message where it is fetched next at its priority. In a step. */
  void putBack(String queue, int priority, byte[] message) {
    queue(queue).putBack(priority, message, now());
    pushed(queue);
  }

  private void pushed(String queue) {
    afterwards.add(() -> listeners.forEach(listener -> listener.pushed(queue)));
  }

  /** In a step. */
  void park(String queue, Instant due, byte[] message) {
    parked.add(new Parked(due, nextNumber(), queue, message));
    parked.sort(Parked.IN_ORDER);
    afterwards.add(() -> listeners.forEach(Listener::parked));
  }

  /** Tells a stored result to whoever waits for it. In a step. */
  void announce(String taskId, byte[] meta) {
    afterwards.add(() -> listeners.forEach(listener -> listener.announced(taskId, meta)));
  }

  /** Writes a binding. In a step. */
  void bind(Binding binding) {
    bindings
        .computeIfAbsent(binding.exchange(), name -> ConcurrentHashMap.newKeySet())
        .add(binding);
  }

  /** What is stored about a task and has not expired; null for nothing. In a step. */
  byte @Nullable [] result(String taskId) {
    Result found = results.get(taskId);
    if (found == null) {
      return null;
    }
    if (found.expires() != null && !found.expires().isAfter(now())) {
      results.remove(taskId);
      return null;
    }
    return found.meta();
  }
}
