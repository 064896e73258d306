package dev.stalk.broker.codec;

import org.jspecify.annotations.Nullable;

/**
 * The delivery tag a publisher gave a message. Kombu keeps it through every redelivery, so it names
 * the message where its deliveries are counted.
 */
public final class DeliveryTag {
  private DeliveryTag() {}

  /** The tag of a raw message; null where it has none that is text. */
  public static @Nullable String of(byte[] raw) {
    try {
      return Fields.of("message", Values.read(raw)).object("properties").text("delivery_tag");
    } catch (MalformedMessageException e) {
      return null;
    }
  }
}
