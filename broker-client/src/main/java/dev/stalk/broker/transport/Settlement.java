package dev.stalk.broker.transport;

import java.util.List;
import java.util.Objects;

/**
 * What is written because of one delivery, and its acknowledgement. All of it happens in one step,
 * in the order given and the acknowledgement last, or none of it.
 *
 * @param tag the delivery's tag
 * @param claim whether the message must still be held under that tag
 * @param effects what is written
 */
public record Settlement(String tag, Claim claim, List<Effect> effects) {
  public Settlement {
    Objects.requireNonNull(tag, "tag");
    Objects.requireNonNull(claim, "claim");
    effects = List.copyOf(effects);
  }

  /** The end of a held delivery: its effects, and its acknowledgement. */
  public Settlement(String tag, List<Effect> effects) {
    this(tag, Claim.HELD, effects);
  }

  /**
   * What is written for a delivery that was acknowledged before its task began (celery's early
   * acknowledgement). Written once, as long as it is offered again under the same tag until there
   * is an answer: see {@link QueueConnection#exchange}.
   */
  public static Settlement afterAcknowledgement(String tag, List<Effect> effects) {
    return new Settlement(tag, Claim.ACKNOWLEDGED, effects);
  }

  /** What a settlement relies on. */
  public enum Claim {
    /** The message is held under the tag; if it is not, nothing is written. */
    HELD,
    /** The message was acknowledged by an earlier settlement; the effects are written alone. */
    ACKNOWLEDGED
  }

  /** What became of a settlement. */
  public enum Fate {
    /** Everything is written and the message is acknowledged. */
    SETTLED,
    /** The message was no longer held under this tag: somebody else has it. Nothing was written. */
    LAPSED,
    /**
     * The broker, or the server that has the results, refused one of the effects. The message is
     * still held, nothing is acknowledged; one that had been acknowledged before is held by nobody.
     */
    REFUSED
  }
}
