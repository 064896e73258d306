package dev.stalk.broker.transport;

import java.util.List;
import java.util.Objects;

/**
 * The end of one delivery: what is written because of it, and the acknowledgement. All of it
 * happens in one step, in the order given and the acknowledgement last, or none of it.
 *
 * @param tag the delivery's tag
 * @param effects what is written
 */
public record Settlement(String tag, List<Effect> effects) {
  public Settlement {
    Objects.requireNonNull(tag, "tag");
    effects = List.copyOf(effects);
  }

  /** What became of a settlement. */
  public enum Fate {
    /** Everything is written and the message is acknowledged. */
    SETTLED,
    /** The message was no longer held under this tag: somebody else has it. Nothing was written. */
    LAPSED,
    /**
     * The broker refused one of the effects. The message is still held, nothing is acknowledged.
     */
    REFUSED
  }
}
