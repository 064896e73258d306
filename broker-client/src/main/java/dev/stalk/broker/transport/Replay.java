package dev.stalk.broker.transport;

import java.util.Objects;

/**
 * What became of one message that was to be replayed.
 *
 * @param id the entry
 * @param outcome what became of it
 * @param detail the queue it went to, or why it stayed
 */
public record Replay(String id, Outcome outcome, String detail) {
  public Replay {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(outcome, "outcome");
    Objects.requireNonNull(detail, "detail");
  }

  /** How it ended. */
  public enum Outcome {
    /** It waits in its queue again, and is in quarantine no more. */
    REPLAYED,
    /** It is not in quarantine: somebody else has replayed or purged it. */
    GONE,
    /** It stays in quarantine, unchanged. */
    REFUSED
  }
}
