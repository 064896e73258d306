package dev.stalk.cli;

import dev.stalk.broker.transport.QuarantineEntry;
import dev.stalk.broker.transport.Replay;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the quarantine commands say about an entry, for people and for programs. */
final class QuarantineLines {
  private QuarantineLines() {}

  /** When the entry was put there, to the second. */
  static String since(QuarantineEntry entry) {
    Instant time = entry.time();
    return time == null ? "-" : time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** The entry as a JSON object. */
  static Map<String, Object> object(QuarantineEntry entry) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("id", entry.id());
    object.put("index", entry.index());
    object.put("reason", entry.reason());
    object.put("queue", entry.queue());
    if (entry.time() != null) {
      object.put("time", entry.time().toString());
    }
    object.put("deliveries", entry.deliveries());
    object.put("size", entry.size());
    if (entry.task() != null) {
      object.put("task", entry.task());
    }
    if (entry.taskId() != null) {
      object.put("taskId", entry.taskId());
    }
    return object;
  }

  /** What became of a replay, as a JSON object. */
  static Map<String, Object> object(Replay replay) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("id", replay.id());
    object.put("outcome", replay.outcome().name());
    object.put("detail", replay.detail());
    return object;
  }
}
