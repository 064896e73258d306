package dev.stalk.worker;

import dev.stalk.broker.message.TaskHeaders;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is not to be run: by id, and by stamp (celery {@code worker/state.py:revoked}). Bounded:
 * once there are more than 50,000 ids, those older than three hours go, and then the oldest.
 * Thread-safe.
 */
final class RevokedTasks {
  private static final int MOST = 50_000; // CELERY_WORKER_REVOKES_MAX
  private static final Duration KEPT = Duration.ofHours(3); // CELERY_WORKER_REVOKE_EXPIRES

  private final Clock clock;
  private final Map<String, Instant> ids = new LinkedHashMap<>(); // guarded by this; oldest first
  private final Map<String, Set<String>> stamps = new HashMap<>(); // guarded by this
  private volatile boolean any;

  RevokedTasks(Clock clock) {
    this.clock = clock;
  }

  synchronized void add(String id) {
    Instant now = clock.instant();
    ids.remove(id);
    ids.put(id, now);
    any = true;
    if (ids.size() > MOST) {
      ids.values().removeIf(added -> added.isBefore(now.minus(KEPT)));
      Iterator<String> oldest = ids.keySet().iterator();
      while (ids.size() > MOST) {
        oldest.next();
        oldest.remove();
      }
    }
  }

  synchronized void addStamp(String header, String value) {
    stamps.computeIfAbsent(header, name -> new HashSet<>()).add(value);
    any = true;
  }

  /** Asked of every task, twice; so without the lock as long as nothing was ever revoked. */
  boolean contains(TaskHeaders headers) {
    return any && isRevoked(headers);
  }

  private synchronized boolean isRevoked(TaskHeaders headers) {
    return ids.containsKey(headers.id())
        || stamps.entrySet().stream()
            .anyMatch(stamp -> matches(headers.stamps().get(stamp.getKey()), stamp.getValue()));
  }

  /** A stamp is one value or several (celery {@code worker/request.py:Request.revoked}). */
  private static boolean matches(@Nullable Object stamp, Set<String> revoked) {
    if (stamp instanceof Collection<?> values) {
      return values.stream().map(Objects::toString).anyMatch(revoked::contains);
    }
    return stamp != null && revoked.contains(stamp.toString());
  }

  synchronized Set<String> ids() {
    return Set.copyOf(ids.keySet());
  }
}
