package dev.stalk.broker.codec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * Marks a raw message as redelivered, as kombu does when it restores one (kombu {@code
 * transport/redis.py:Channel._do_restore_message}): {@code headers.redelivered} and {@code
 * properties.delivery_info.redelivered} become true. Every other byte stays as it was.
 */
public final class Redelivery {
  private static final String MARK = "\"redelivered\": true";

  /** Replaces {@code length} bytes at {@code offset} by {@code text}. */
  private record Edit(int offset, int length, String text) {}

  private Redelivery() {}

  /** The marked message; the same bytes where they are no envelope or carry both marks already. */
  public static byte[] mark(byte[] raw) {
    List<Edit> edits = new ArrayList<>();
    try {
      find(raw, edits);
    } catch (JacksonException e) {
      if (!HalfSurrogates.areIn(raw)) {
        return raw;
      }
      edits.clear();
      try {
        find(HalfSurrogates.masked(raw), edits);
      } catch (JacksonException notAnEnvelope) {
        return raw;
      }
    }
    return apply(raw, edits);
  }

  private static void find(byte[] raw, List<Edit> edits) {
    try (JsonParser parser = Values.FACTORY.createParser(ObjectReadContext.empty(), raw)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return;
      }
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken value = parser.nextToken();
        if (name.equals("headers") && value == JsonToken.START_OBJECT) {
          edit(parser, edits, null);
        } else if (name.equals("properties") && value == JsonToken.START_OBJECT) {
          edit(parser, new ArrayList<>(), edits);
        } else {
          parser.skipChildren();
        }
      }
    }
  }

  /**
   * Walks one object and notes how to mark it. With {@code nested} it is the properties, whose
   * {@code delivery_info} takes the mark instead.
   */
  private static void edit(JsonParser parser, List<Edit> edits, @Nullable List<Edit> nested) {
    boolean empty = true;
    boolean marked = false;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      empty = false;
      JsonToken value = parser.nextToken();
      if (nested != null && name.equals("delivery_info") && value == JsonToken.START_OBJECT) {
        edit(parser, nested, null);
        continue;
      }
      int start = offset(parser);
      parser.skipChildren();
      if (name.equals("redelivered")) {
        marked = true;
        if (value != JsonToken.VALUE_TRUE) {
          parser.finishToken();
          int end = (int) parser.currentLocation().getByteOffset();
          edits.add(new Edit(start, end - start, "true"));
        }
      }
    }
    if (!marked) {
      edits.add(new Edit(offset(parser), 0, empty ? MARK : ", " + MARK));
    }
  }

  private static int offset(JsonParser parser) {
    return (int) parser.currentTokenLocation().getByteOffset();
  }

  private static byte[] apply(byte[] raw, List<Edit> edits) {
    ByteArrayOutputStream marked = new ByteArrayOutputStream(raw.length + 48);
    int from = 0;
    for (Edit edit : edits) {
      marked.write(raw, from, edit.offset() - from);
      marked.writeBytes(edit.text().getBytes(StandardCharsets.US_ASCII));
      from = edit.offset() + edit.length();
    }
    marked.write(raw, from, raw.length - from);
    return marked.toByteArray();
  }
}
