package dev.stalk.broker.codec;

import dev.stalk.broker.message.TaskBody;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Messages whose body is one object: Celery's protocol 1, of which the headers are empty (celery
 * {@code worker/strategy.py:proto1_to_proto2}), and the hybrid that has protocol 2's headers before
 * such a body (celery {@code worker/strategy.py:hybrid_to_proto2}). Read, never written.
 */
final class ProtocolOne {
  /** What of the body is not a header of protocol 2. */
  private static final Set<String> OF_THE_BODY =
      Set.of("args", "kwargs", "callbacks", "errbacks", "chord", "chain", "taskset", "utc");

  private final Fields headers;
  private final Fields body;

  ProtocolOne(Fields headers, Map<?, ?> body) {
    this.headers = headers;
    this.body = Fields.of("message.body", body);
  }

  /**
   * The headers as protocol 2 would have them. In the hybrid the message's own headers win.
   *
   * @throws MalformedMessageException if neither headers nor body name a task
   */
  Fields headers() {
    if (!headers.values().containsKey("task") && !body.values().containsKey("task")) {
      throw new MalformedMessageException("neither the headers nor the body name a task");
    }
    Map<String, @Nullable Object> merged = new LinkedHashMap<>(body.values());
    Object taskset = merged.get("taskset");
    if (taskset != null) {
      merged.put("group", taskset);
    }
    merged.keySet().removeAll(OF_THE_BODY);
    merged.put("argsrepr", MessageCodec.argsRepr(args()));
    merged.put("kwargsrepr", MessageCodec.kwargsRepr(kwargs()));
    headers.values().forEach(merged::put);
    return Fields.of("message.body", merged);
  }

  private List<@Nullable Object> args() {
    List<@Nullable Object> args = body.list("args");
    return args == null ? List.of() : args;
  }

  private Map<String, @Nullable Object> kwargs() {
    return body.object("kwargs").values();
  }

  /** Arguments and what follows; a chain is spelt as nested callbacks here. */
  TaskBody body() {
    Map<String, @Nullable Object> embed = new LinkedHashMap<>();
    for (String part : List.of("callbacks", "errbacks", "chain", "chord")) {
      embed.put(part, body.values().get(part));
    }
    return new TaskBody(args(), kwargs(), embed);
  }

  /** The task's id, where the headers have none; null if it cannot be read. */
  static @Nullable String id(Map<?, ?> body) {
    return body.get("id") instanceof String id && !id.isEmpty() ? id : null;
  }
}
