package dev.stalk.cli;

import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.Values;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Values to and from the JSON that people and scripts type and read. */
final class Json {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  /** One line of JSON; what JSON has no form for, times for instance, becomes text. */
  static String line(@Nullable Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /** The value of an argument: what it says if it is JSON, else itself. */
  static @Nullable Object argument(String text) {
    try {
      Object value = Values.read(text.getBytes(StandardCharsets.UTF_8));
      return value instanceof Double number && !Double.isFinite(number) ? text : value;
    } catch (MalformedMessageException e) {
      return text;
    }
  }
}
