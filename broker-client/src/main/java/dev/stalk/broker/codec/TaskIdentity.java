package dev.stalk.broker.codec;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * Which task a message calls, read from as much of the message as there is.
 *
 * @param task the task's name; null if it was not found
 * @param id the task's id; null if it was not found
 */
public record TaskIdentity(@Nullable String task, @Nullable String id) {

  /** Reads the beginning of a message, which may be anything. */
  public static TaskIdentity of(byte[] beginning) {
    String task = null;
    String id = null;
    try (JsonParser parser = Values.FACTORY.createParser(ObjectReadContext.empty(), beginning)) {
      if (parser.nextToken() != JsonToken.START_OBJECT || !enter(parser, "headers")) {
        return new TaskIdentity(null, null);
      }
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (value == JsonToken.VALUE_STRING && name.equals("task")) {
          task = parser.getString();
        } else if (value == JsonToken.VALUE_STRING && name.equals("id")) {
          id = parser.getString();
        }
        parser.skipChildren();
      }
    } catch (JacksonException cutOff) {
      return new TaskIdentity(task, id);
    }
    return new TaskIdentity(task, id);
  }

  private static boolean enter(JsonParser parser, String wanted) {
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      if (name.equals(wanted) && value == JsonToken.START_OBJECT) {
        return true;
      }
      parser.skipChildren();
    }
    return false;
  }
}
