package dev.stalk.broker.transport;

import java.util.Objects;

/**
 * A message in quarantine.
 *
 * @param entry what is known of it
 * @param message its bytes as they were published; if the entry has no first line of Stalk's, all
 *     of the entry. Not to be changed
 * @param unfit why it cannot be replayed; empty if it can
 */
public record QuarantinedMessage(QuarantineEntry entry, byte[] message, String unfit) {
  public QuarantinedMessage {
    Objects.requireNonNull(entry, "entry");
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(unfit, "unfit");
  }
}
