package dev.stalk.broker.redis;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * For how long scores have stood still while this process looked on. Measured by its own monotonic
 * clock: neither a clock that is off nor a broker that was away or full makes what goes on look
 * abandoned. Used by one thread, but for {@link #interrupt}.
 */
final class Sightings {
  private record Sighting(String score, long since) {}

  private final Duration lease;
  private final Map<String, Sighting> sightings = new HashMap<>();
  private final LongSupplier nanos;
  private volatile boolean interrupted;
  private long looked;

  Sightings(Duration lease) {
    this(lease, System::nanoTime);
  }

  /**
   * @param nanos a monotonic clock
   */
  Sightings(Duration lease, LongSupplier nanos) {
    this.lease = lease;
    this.nanos = nanos;
    this.looked = nanos.getAsLong();
  }

  /**
   * Says that we look, as we do several times in a lease. If the last time is half a lease ago,
   * this process stood still, and perhaps all others with it: whoever could give a sign of life no
   * more than we could look gets a whole lease to give it. Without this a worker that was stopped
   * or swapped out for a lease would take its own messages for abandoned when it wakes.
   */
  void lookOn() {
    long now = nanos.getAsLong();
    if (now - looked > lease.toNanos() / 2) {
      sightings.clear();
    }
    looked = now;
  }

  /** Notes a score; true if it has not moved for a whole lease. */
  boolean isStill(String name, String score) {
    if (interrupted) {
      interrupted = false;
      sightings.clear();
    }
    long now = nanos.getAsLong();
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
