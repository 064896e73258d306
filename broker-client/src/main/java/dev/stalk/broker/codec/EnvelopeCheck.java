package dev.stalk.broker.codec;

import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whether workers can take a message without harm. Kombu reads an envelope after it has popped it,
 * and does not catch what goes wrong: the worker ends and the message is gone, or comes back and
 * ends the next (kombu {@code transport/virtual/base.py:Message.__init__}, {@code
 * transport/redis.py:Channel._brpop_read}). Stateless.
 */
public final class EnvelopeCheck {
  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/]");

  private EnvelopeCheck() {}

  /** What is wrong with the envelope, in one line; empty if nothing is. */
  public static String problem(byte[] raw) {
    try {
      Fields envelope = Fields.of("message", Values.read(raw));
      required(envelope, "headers", Map.class, "an object");
      required(envelope, "properties", Map.class, "an object");
      envelope.requiredText("content-type");
      Fields properties = envelope.object("properties");
      required(properties, "delivery_tag", Object.class, "a tag");
      required(properties, "delivery_info", Map.class, "an object");
      Fields deliveryInfo = properties.object("delivery_info");
      required(deliveryInfo, "exchange", String.class, "a string");
      required(deliveryInfo, "routing_key", String.class, "a string");
      checkBody(envelope.requiredText("body"), properties.text("body_encoding"));
      return "";
    } catch (MalformedMessageException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static void required(Fields fields, String name, Class<?> type, String wanted) {
    Object value = fields.values().get(name);
    if (!type.isInstance(value)) {
      throw fields.wrong(name, value, wanted);
    }
  }

  private static void checkBody(String body, @Nullable String encoding) {
    if (encoding == null || encoding.equals("utf-8")) {
      return;
    }
    if (!encoding.equals("base64")) {
      throw new MalformedMessageException(
          "message.properties.body_encoding is '" + encoding + "', not base64");
    }
    if (!BASE64.matcher(body).find()) {
      throw new MalformedMessageException("message.body is not base64");
    }
  }
}
