package dev.stalk.broker.redis;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * For how long scores have stood still while this process looked on. Measured by its own monotonic
 * clock: neither a clock that is off nor a broker that was away or full makes what goes on look
 * abandoned. Used by one thread, but for {@link #interrupt}.
 */
final class Sightings {
  private record Sighting(String score, long since) {}

  private final Duration lease;
  private final Map<String, Sighting> sightings = new HashMap<>();
  private volatile boolean interrupted;

  Sightings(Duration lease) {
    this.lease = lease;
  }

  /** Notes a score; true if it has not moved for a whole lease. */
  boolean isStill(String name, String score) {
    if (interrupted) {
      interrupted = false;
      sightings.clear();
    }
    long now = System.nanoTime();
    Sighting last = sightings.get(name);
    if (last == null || !last.score().equals(score)) {
      sightings.put(name, new Sighting(score, now));
      return false;
    }
    return now - last.since() >= lease.toNanos();
  }

  /** Forgets all but these. */
  void retain(Collection<String> names) {
    sightings.keySet().retainAll(names);
  }

  /** Starts over: for a while nobody could be seen. */
  void clear() {
    sightings.clear();
  }

  /**
   * Starts over at the next sighting: for a while we could give no sign of life ourselves, so that
   * others may have been no better off. From any thread.
   */
  void interrupt() {
    interrupted = true;
  }
}
