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

  /** The {@code embed} of a task that nothing follows, as Celery writes it. Unmodifiable. */
  public static final Map<String, @Nullable Object> NOTHING_FOLLOWS = nothingFollows();

  public TaskBody {
    args =
        args.isEmpty()
            ? Collections.emptyList()
            : Collections.unmodifiableList(new ArrayList<>(args));
    kwargs = ValueMap.copyOf(kwargs);
    embed = embed == NOTHING_FOLLOWS ? embed : ValueMap.copyOf(embed);
  }

  private static Map<String, @Nullable Object> nothingFollows() {
    Map<String, @Nullable Object> embed = new LinkedHashMap<>();
    for (String part : List.of("callbacks", "errbacks", "chain", "chord")) {
      embed.put(part, null);
    }
    return Collections.unmodifiableMap(embed);
  }
}
