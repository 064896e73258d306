package dev.stalk.peers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.zip.DeflaterOutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Messages that are wrong in one place each, and what is to become of them: {@code
 * message-corpus.json}. Each calls the task {@value #TASK} with one argument, under an id of its
 * own.
 *
 * <p>In the file, {@code matrix} gives every one of some fields every one of some values, and
 * {@code cases} lists single ones. A field is a JSON Pointer into the envelope, or, behind {@code
 * body:}, into the body. {@code set}, {@code without}, {@code text} (of the body), {@code hex} (of
 * the body), {@code raw} and {@code rawHex} (of the whole message), {@code replace} (in its text),
 * {@code fill} (a long text), {@code nest} (deeply), {@code deflate} (the body, after so many
 * zeros) say what is wrong; {@code protocol} is 2 unless it says 1 or hybrid. {@code outcome} is
 * what becomes of it, {@code says} a part of the reason, {@code anonymous} that no id can be read,
 * {@code atFetch} that it does not get as far as a worker's pool.
 */
public final class MessageCorpus {
  /** What all of them call; it returns its first argument. */
  public static final String TASK = "corpus.echo";

  private static final JsonMapper JSON = new JsonMapper();

  /** What becomes of a message. */
  public enum Outcome {
    /** The task ran, and its result is stored. */
    SUCCESS,
    /** The task was called in vain: FAILURE is stored, and the message is done with. */
    FAILURE,
    /** It expired. */
    REVOKED,
    /** It waits for its time. */
    PARKED,
    /** It is kept byte for byte, and FAILURE is stored if its id can be read. */
    QUARANTINED
  }

  /**
   * One of them.
   *
   * @param name what is wrong
   * @param message the bytes
   * @param id under which a result is to be found; null if none can be read
   * @param outcome what becomes of it
   * @param says a part of the reason for which it failed or is in quarantine
   * @param atFetch whether it is put aside where it is fetched, by a reason of its own
   */
  public record Case(
      String name,
      byte[] message,
      @Nullable String id,
      Outcome outcome,
      String says,
      boolean atFetch) {
    @Override
    public String toString() {
      return name;
    }
  }

  private MessageCorpus() {}

  /** All of them, in the order of the file; the same ones each time. */
  public static List<Case> load() {
    JsonNode file = read();
    List<Case> cases = new ArrayList<>();
    for (JsonNode matrix : file.get("matrix")) {
      for (JsonNode field : matrix.get("fields")) {
        for (JsonNode value : matrix.get("values")) {
          cases.add(ofMatrix(cases.size(), matrix, field.stringValue(), value));
        }
      }
    }
    for (JsonNode each : file.get("cases")) {
      cases.add(single(cases.size(), each.get("name").stringValue(), each));
    }
    return List.copyOf(cases);
  }

  private static JsonNode read() {
    try (InputStream file = MessageCorpus.class.getResourceAsStream("message-corpus.json")) {
      return JSON.readTree(Objects.requireNonNull(file, "message-corpus.json"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Case ofMatrix(int number, JsonNode matrix, String field, JsonNode value) {
    ObjectNode each = (ObjectNode) matrix.deepCopy();
    each.set("set", JsonNodeFactory.instance.objectNode().set(field, value));
    String says = matrix.path("says").asString("");
    each.put("says", says.replace("$FIELD", field.substring(field.lastIndexOf('/') + 1)));
    String protocol = matrix.has("protocol") ? " in protocol " + matrix.get("protocol") : "";
    return single(number, field + " = " + value + protocol, each);
  }

  private static Case single(int number, String name, JsonNode each) {
    String id = "corpus-%04d".formatted(number);
    return new Case(
        name,
        message(id, each),
        each.path("anonymous").asBoolean(false) ? null : id,
        Outcome.valueOf(each.get("outcome").stringValue().toUpperCase(Locale.ROOT)),
        each.path("says").asString(""),
        each.path("atFetch").asBoolean(false));
  }

  /** A message of this protocol, 1, 2 or hybrid, in which nothing is wrong. */
  public static byte[] sound(String id, String protocol) {
    return message(id, JsonNodeFactory.instance.objectNode().put("protocol", protocol));
  }

  private static byte[] message(String id, JsonNode each) {
    if (each.has("rawHex")) {
      return HexFormat.of().parseHex(each.get("rawHex").stringValue());
    }
    if (each.has("raw")) {
      return utf8(each.get("raw").stringValue());
    }
    String protocol = each.path("protocol").asString("2");
    ObjectNode envelope = envelope(id, protocol);
    ObjectNode whole = JsonNodeFactory.instance.objectNode();
    whole.set("envelope", envelope);
    whole.set("body", body(id, protocol));
    each.path("set").properties().forEach(set -> set(whole, set.getKey(), set.getValue()));
    each.path("fill")
        .properties()
        .forEach(
            fill ->
                set(
                    whole,
                    fill.getKey(),
                    JsonNodeFactory.instance.stringNode("x".repeat(fill.getValue().intValue()))));
    for (JsonNode pointer : each.path("without")) {
      remove(whole, pointer.stringValue());
    }
    if (!each.path("set").has("/body")) {
      envelope.put("body", Base64.getEncoder().encodeToString(bodyBytes(each, whole.get("body"))));
    }
    for (JsonNode pointer : each.path("withoutAtLast")) {
      remove(whole, pointer.stringValue());
    }
    String text = envelope.toString();
    JsonNode replace = each.path("replace");
    if (replace.size() == 2) {
      String from = replace.get(0).stringValue();
      if (!text.contains(from)) {
        throw new IllegalStateException("nothing to replace in " + each);
      }
      text = text.replace(from, replace.get(1).stringValue());
    }
    return surrounded(each, utf8(text));
  }

  /** Bytes before and behind it, or without its end. */
  private static byte[] surrounded(JsonNode each, byte[] text) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(HexFormat.of().parseHex(each.path("before").asString("")));
    whole.write(text, 0, text.length - each.path("cut").asInt(0));
    whole.writeBytes(HexFormat.of().parseHex(each.path("behind").asString("")));
    return whole.toByteArray();
  }

  private static byte[] bodyBytes(JsonNode each, JsonNode body) {
    byte[] bytes = utf8(body.toString());
    if (each.has("hex")) {
      bytes = HexFormat.of().parseHex(each.get("hex").stringValue());
    } else if (each.has("text")) {
      bytes = utf8(each.get("text").stringValue());
    } else if (each.has("nest")) {
      int depth = each.get("nest").intValue();
      bytes = utf8("[[" + "[".repeat(depth) + "]".repeat(depth) + "],{},{}]");
    }
    return each.has("deflate") ? deflated(bytes, each.get("deflate").intValue()) : bytes;
  }

  private static byte[] deflated(byte[] bytes, int zeros) {
    ByteArrayOutputStream small = new ByteArrayOutputStream();
    try (DeflaterOutputStream out = new DeflaterOutputStream(small)) {
      byte[] chunk = new byte[1 << 16];
      for (int i = 0; i < zeros; i += chunk.length) {
        out.write(chunk);
      }
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return small.toByteArray();
  }

  private static ObjectNode envelope(String id, String protocol) {
    ObjectNode envelope = JsonNodeFactory.instance.objectNode();
    envelope.put("content-type", "application/json");
    envelope.put("content-encoding", "utf-8");
    ObjectNode headers = envelope.putObject("headers");
    if (!protocol.equals("1")) {
      headers.put("lang", "py");
      headers.put("task", TASK);
      headers.put("id", id);
    }
    if (protocol.equals("2")) {
      headers.putNull("shadow").putNull("eta").putNull("expires").putNull("group");
      headers.putNull("group_index").put("retries", 0);
      headers.putArray("timelimit").addNull().addNull();
      headers.put("root_id", id).putNull("parent_id").put("argsrepr", "('\u017c',)");
      headers.put("kwargsrepr", "{}").put("origin", "gen1@here").put("ignore_result", false);
      headers.put("replaced_task_nesting", 0).putNull("stamped_headers");
      headers.putObject("stamps");
    }
    ObjectNode properties = envelope.putObject("properties");
    properties.put("correlation_id", id).put("reply_to", "reply").put("delivery_mode", 2);
    properties.putObject("delivery_info").put("exchange", "").put("routing_key", "corpus");
    properties.put("priority", 0).put("body_encoding", "base64").put("delivery_tag", "tag-" + id);
    return envelope;
  }

  private static JsonNode body(String id, String protocol) {
    if (protocol.equals("2")) {
      ArrayNode body = JsonNodeFactory.instance.arrayNode();
      body.addArray().add("\u017c");
      body.addObject();
      body.addObject().putNull("callbacks").putNull("errbacks").putNull("chain").putNull("chord");
      return body;
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("task", TASK).put("id", id);
    body.putArray("args").add("\u017c");
    body.putObject("kwargs");
    body.putNull("group").put("retries", 0).putNull("eta").putNull("expires").put("utc", true);
    body.putNull("callbacks").putNull("errbacks").putNull("taskset").putNull("chord");
    body.putArray("timelimit").addNull().addNull();
    return body;
  }

  private static String pointer(String field) {
    return field.startsWith("body:") ? "/body" + field.substring(5) : "/envelope" + field;
  }

  private static void set(ObjectNode whole, String field, JsonNode value) {
    String pointer = pointer(field);
    JsonNode parent = whole.at(pointer.substring(0, pointer.lastIndexOf('/')));
    String name = pointer.substring(pointer.lastIndexOf('/') + 1);
    if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(name), value);
    } else if (parent instanceof ObjectNode object) {
      object.set(name, value);
    } else {
      throw new IllegalStateException("there is no place for " + field);
    }
  }

  private static void remove(ObjectNode whole, String field) {
    String pointer = pointer(field);
    ((ObjectNode) whole.at(pointer.substring(0, pointer.lastIndexOf('/'))))
        .remove(pointer.substring(pointer.lastIndexOf('/') + 1));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
