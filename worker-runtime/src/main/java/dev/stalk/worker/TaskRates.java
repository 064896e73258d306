package dev.stalk.worker;

import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * When tasks with a rate limit may begin on this worker. A task that comes too early is given an
 * instant of its own, and waits for it in the broker: it holds neither a thread nor a place of its
 * queue, so that other tasks are not delayed. Thread-safe.
 */
final class TaskRates {
  private static final int MOST_APPOINTMENTS = 100_000;

  /** When the next one may begin, and who has been told when. */
  private static final class Bucket {
    private Instant next = Instant.MIN;
    private final Map<String, Instant> appointments =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Instant> eldest) {
            return size() > MOST_APPOINTMENTS;
          }
        };
  }

  private final Clock clock;
  private final Map<String, Bucket> buckets = new HashMap<>(); // guarded by this

  TaskRates(Clock clock) {
    this.clock = clock;
  }

  /**
   * Asks for leave to begin.
   *
   * @return null if the task may begin now; else when it is to come again
   */
  synchronized @Nullable Instant admit(String task, String id, TaskRate limit) {
    Bucket bucket = buckets.computeIfAbsent(task, name -> new Bucket());
    Instant now = clock.instant();
    Instant appointment = bucket.appointments.get(id);
    if (appointment != null) {
      if (appointment.isAfter(now)) {
        return appointment;
      }
      bucket.appointments.remove(id);
      return null;
    }
    Instant start = bucket.next.isAfter(now) ? bucket.next : now;
    bucket.next = start.plus(limit.interval());
    if (!start.isAfter(now)) {
      return null;
    }
    bucket.appointments.put(id, start);
    return start;
  }
}
