package dev.stalk.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * For how long signs of life have stayed away while a transport looked on. Guarded by its owner.
 */
final class Sightings {
  private record Sighting(Instant sign, Instant since) {}

  private final Duration lease;
  private final Map<String, Sighting> sightings = new HashMap<>();

  Sightings(Duration lease) {
    this.lease = lease;
  }

  /** Notes a sign of life; true if no newer one has come for a whole lease. */
  boolean isStill(String name, Instant sign, Instant now) {
    Sighting last = sightings.get(name);
    if (last == null || !last.sign().equals(sign)) {
      sightings.put(name, new Sighting(sign, now));
      return false;
    }
    return !now.isBefore(last.since().plus(lease));
  }

  /** Forgets all but these. */
  void retain(Collection<String> names) {
    sightings.keySet().retainAll(names);
  }

  /** Starts over: for a while nobody could give a sign of life. */
  void clear() {
    sightings.clear();
  }
}
