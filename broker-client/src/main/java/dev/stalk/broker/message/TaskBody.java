package dev.stalk.broker.message;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The body of a protocol-2 message: {@code [args, kwargs, embed]}. Values are plain: null, Boolean,
 * Integer, Long, BigInteger, Double, String, List, Map, and the types that kombu marks (see {@code
 * codec}).
 *
 * @param args positional arguments
 * @param kwargs keyword arguments
 * @param embed what follows the task: callbacks, errbacks, chain, chord
 */
public record TaskBody(
    List<@Nullable Object> args,
    Map<String, @Nullable Object> kwargs,
    Map<String, @Nullable Object> embed) {

  public TaskBody {
    args = Collections.unmodifiableList(new ArrayList<>(args));
    kwargs = Collections.unmodifiableMap(new LinkedHashMap<>(kwargs));
    embed = Collections.unmodifiableMap(new LinkedHashMap<>(embed));
  }
}
