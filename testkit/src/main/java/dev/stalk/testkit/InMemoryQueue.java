package dev.stalk.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The waiting messages of a queue: a list per priority step, filled at one end and emptied at the
 * other (kombu {@code transport/redis.py:Channel._q_for_pri}). Guarded by the store's lock.
 */
final class InMemoryQueue {
  /** Kombu's priority steps, served first to served last. */
  static final List<Integer> STEPS = List.of(0, 3, 6, 9);

  /** One step; as a key of Redis it is gone, with its expiry, when it is empty. */
  private static final class Step {
    final Deque<byte[]> waiting = new ArrayDeque<>();
    @Nullable Instant expires;
  }

  private final Map<Integer, Step> steps = new LinkedHashMap<>();

  InMemoryQueue() {
    STEPS.forEach(step -> steps.put(step, new Step()));
  }

  /** The step a priority belongs to: the greatest that is not greater. */
  static int step(int priority) {
    int step = STEPS.get(0);
    for (int candidate : STEPS) {
      step = candidate <= priority ? candidate : step;
    }
    return step;
  }

  private Step at(int step, Instant now) {
    Step found = steps.computeIfAbsent(step, unknown -> new Step());
    if (found.expires != null && !found.expires.isAfter(now)) {
      found.waiting.clear();
    }
    if (found.waiting.isEmpty()) {
      found.expires = null;
    }
    return found;
  }

  /** Adds a message that is fetched after those of its step. */
  void push(int priority, byte[] message, Instant now) {
    at(step(priority), now).waiting.addFirst(message);
  }

  /** Puts a message where it is the first of its step to be fetched. */
  void putBack(int priority, byte[] message, Instant now) {
    at(step(priority), now).waiting.addLast(message);
  }

  /** Takes the message of a step that has waited longest. */
  byte @Nullable [] poll(int step, Instant now) {
    return at(step, now).waiting.pollLast();
  }

  /** How many wait in a step. */
  int length(int step, Instant now) {
    return at(step, now).waiting.size();
  }

  /** The messages of a step, those fetched first in front. */
  List<byte[]> waiting(int step, Instant now) {
    List<byte[]> oldestFirst = new ArrayList<>(at(step, now).waiting);
    Collections.reverse(oldestFirst);
    return oldestFirst;
  }

  /** Deletes what waits now, at every step, if nothing is published for this long. */
  void expireAfter(Duration idle, Instant now) {
    for (int step : STEPS) {
      Step found = at(step, now);
      found.expires = found.waiting.isEmpty() ? null : now.plus(idle);
    }
  }

  /** Deletes everything; how many there were. */
  long clear(Instant now) {
    long count = 0;
    for (int step : STEPS) {
      count += length(step, now);
      steps.put(step, new Step());
    }
    return count;
  }
}
