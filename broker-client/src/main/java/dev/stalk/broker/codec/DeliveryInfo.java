package dev.stalk.broker.codec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * Where a message says it was published to: {@code properties.delivery_info}. A Python worker that
 * dies with a message in hand has it restored there, not to the queue it took it from (kombu {@code
 * transport/redis.py:QoS.append}). Stateless.
 */
public final class DeliveryInfo {
  private DeliveryInfo() {}

  /** Whether it is marked as having been with a worker before; false where it cannot be read. */
  public static boolean isRedelivered(byte[] raw) {
    try {
      Fields properties = Fields.of("message", Values.read(raw)).object("properties");
      return Boolean.TRUE.equals(properties.object("delivery_info").flag("redelivered"));
    } catch (MalformedMessageException e) {
      return false;
    }
  }

  /**
   * The message addressed to this queue, through the default exchange and without the redelivered
   * mark of its delivery info. Every other byte stays as it was; so does the whole message where it
   * is no envelope.
   */
  public static byte[] readdress(byte[] raw, String queue) {
    byte[] address =
        "{\"exchange\": \"\", \"routing_key\": %s}"
            .formatted(UnackedEntry.quoted(queue))
            .getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream changed = new ByteArrayOutputStream(raw.length + address.length);
    try (JsonParser parser = Values.FACTORY.createParser(ObjectReadContext.empty(), raw)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return raw;
      }
      int copied = 0;
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (name.equals("properties") && value == JsonToken.START_OBJECT) {
          copied = readdressProperties(parser, raw, copied, address, changed);
        } else {
          parser.skipChildren();
        }
      }
      changed.write(raw, copied, raw.length - copied);
      return changed.toByteArray();
    } catch (JacksonException notAnEnvelope) {
      return raw;
    }
  }

  /** Copies up to the properties' end, or to the last change in them; returns up to where. */
  private static int readdressProperties(
      JsonParser parser, byte[] raw, int from, byte[] address, ByteArrayOutputStream changed) {
    int copied = from;
    boolean empty = true;
    boolean found = false;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      empty = false;
      parser.nextToken();
      int start = offset(parser);
      parser.skipChildren();
      if (name.equals("delivery_info")) {
        parser.finishToken();
        found = true;
        changed.write(raw, copied, start - copied);
        changed.writeBytes(address);
        copied = (int) parser.currentLocation().getByteOffset();
      }
    }
    if (found) {
      return copied;
    }
    int end = offset(parser);
    changed.write(raw, copied, end - copied);
    String name = (empty ? "" : ", ") + "\"delivery_info\": ";
    changed.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
    changed.writeBytes(address);
    return end;
  }

  private static int offset(JsonParser parser) {
    return (int) parser.currentTokenLocation().getByteOffset();
  }
}
