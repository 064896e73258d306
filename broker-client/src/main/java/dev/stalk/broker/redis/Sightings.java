package dev.stalk.broker.redis;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * For how long scores have stood still while this process looked on. Measured by its own monotonic
 * clock: neither a clock that is off nor a broker that was away makes what goes on look abandoned.
 * Used by one thread.
 */
final class Sightings {
  private record Sighting(String score, long since) {}

  private final Duration lease;
  private final Map<String, Sighting> sightings = new HashMap<>();

  Sightings(Duration lease) {
    this.lease = lease;
  }

  /** Notes a score; true if it has not moved for a whole lease. */
  boolean isStill(String name, String score) {
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

  /** Starts over: for a while nobody could be seen, or could give a sign of life. */
  void clear() {
    sightings.clear();
  }
}
