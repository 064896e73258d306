package dev.stalk.broker.codec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * A value of kombu's {@code unacked} hash: {@code [envelope, exchange, routing_key]} (kombu {@code
 * transport/redis.py:QoS.append}).
 *
 * @param message the envelope's bytes, exactly as they stand in the value
 * @param exchange {@code ""} for the default exchange
 * @param routingKey the queue's name where the exchange is the default one
 */
public record UnackedEntry(byte[] message, String exchange, String routingKey) {
  public UnackedEntry {
    Objects.requireNonNull(message, "message");
    Objects.requireNonNull(exchange, "exchange");
    Objects.requireNonNull(routingKey, "routingKey");
  }

  /**
   * Reads a value.
   *
   * @throws MalformedMessageException if it is not such an array
   */
  public static UnackedEntry parse(byte[] value) {
    try {
      return parse(value, value);
    } catch (JacksonException e) {
      if (!HalfSurrogates.areIn(value)) {
        throw notAnEntry(e);
      }
    }
    try {
      return parse(value, HalfSurrogates.masked(value));
    } catch (JacksonException e) {
      throw notAnEntry(e);
    }
  }

  private static MalformedMessageException notAnEntry(JacksonException e) {
    return new MalformedMessageException("not an unacked entry: " + e.getOriginalMessage(), e);
  }

  /** {@code readable} is the value, or a text of the same form with the same tokens' places. */
  private static UnackedEntry parse(byte[] value, byte[] readable) {
    try (JsonParser parser = Values.FACTORY.createParser(ObjectReadContext.empty(), readable)) {
      if (parser.nextToken() == JsonToken.START_ARRAY
          && parser.nextToken() == JsonToken.START_OBJECT) {
        int start = (int) parser.currentTokenLocation().getByteOffset();
        parser.skipChildren();
        int end = (int) parser.currentTokenLocation().getByteOffset() + 1;
        String exchange = string(parser);
        String routingKey = string(parser);
        if (parser.nextToken() == JsonToken.END_ARRAY && parser.nextToken() == null) {
          return new UnackedEntry(Arrays.copyOfRange(value, start, end), exchange, routingKey);
        }
      }
    }
    throw new MalformedMessageException(
        "not an unacked entry: not an array of envelope, exchange and routing key");
  }

  private static String string(JsonParser parser) {
    JsonToken token = parser.nextToken();
    if (token == JsonToken.VALUE_STRING) {
      return parser.getString();
    }
    if (token == JsonToken.VALUE_NULL) {
      return "";
    }
    throw new MalformedMessageException("not an unacked entry: exchange or key is " + token);
  }

  /**
   * Checks that kombu could restore and run the message: it must be an object with headers and
   * properties, else it would be dropped or end the worker that reads it.
   *
   * @throws MalformedMessageException if it is not
   */
  public void checkEnvelope() {
    Fields envelope = Fields.of("the envelope", Values.read(message));
    for (String part : List.of("headers", "properties")) {
      Fields.of("the envelope's " + part, envelope.values().get(part));
    }
  }

  /**
   * Takes apart a value made by {@link #of} or the fetch script, without reading the envelope,
   * which may be anything.
   *
   * @throws MalformedMessageException if it does not end as such a value does
   */
  public static UnackedEntry ofOurs(byte[] value) {
    String text = new String(value, StandardCharsets.ISO_8859_1);
    int end = text.lastIndexOf(",\"\",\"");
    if (value.length < 2 || value[0] != '[' || value[value.length - 1] != ']' || end < 1) {
      throw new MalformedMessageException("not an unacked entry of this library");
    }
    Object queue = Values.read(Arrays.copyOfRange(value, end + 4, value.length - 1));
    return new UnackedEntry(Arrays.copyOfRange(value, 1, end), "", String.valueOf(queue));
  }

  /** What follows the envelope in a value that returns to this queue: {@code ,"","queue"]}. */
  public static byte[] closing(String queue) {
    return ",\"\",%s]".formatted(quoted(queue)).getBytes(StandardCharsets.US_ASCII);
  }

  /** The value under which this message is held for this queue; its bytes stay as they are. */
  public static byte[] of(byte[] message, String queue) {
    ByteArrayOutputStream value = new ByteArrayOutputStream(message.length + queue.length() + 8);
    value.write('[');
    value.writeBytes(message);
    value.writeBytes(closing(queue));
    return value.toByteArray();
  }

  /** Text as a JSON string. */
  public static String quoted(String text) {
    return new String(PythonJson.encode(text), StandardCharsets.US_ASCII);
  }
}
