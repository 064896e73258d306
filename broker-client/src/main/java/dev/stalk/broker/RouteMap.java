package dev.stalk.broker;

import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Routes by the name of the task (celery {@code app/routes.py:MapRoute}). A name itself goes before
 * every pattern; of the patterns the first one that matches decides, in the order they were added.
 * Immutable.
 *
 * <pre>{@code
 * RouteMap.builder()
 *     .route("shop.charge", SendOptions.onQueue("payments"))
 *     .route("shop.*", SendOptions.onQueue("shop"))
 *     .route(Pattern.compile("(video|audio)\\."), SendOptions.onQueue("media"))
 *     .build()
 * }</pre>
 */
public final class RouteMap implements TaskRouter {
  /** Patterns know no equality of their own. */
  private record Rule(String text, Pattern pattern, SendOptions options) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Rule rule && text.equals(rule.text) && options.equals(rule.options);
    }

    @Override
    public int hashCode() {
      return Objects.hash(text, options);
    }
  }

  private final Map<String, SendOptions> names;
  private final Map<String, Rule> patterns;

  private RouteMap(Builder builder) {
    names = Map.copyOf(builder.names);
    patterns = new LinkedHashMap<>(builder.patterns);
  }

  @Override
  public @Nullable SendOptions route(TaskSignature call) {
    SendOptions exact = names.get(call.task());
    if (exact != null) {
      return exact;
    }
    for (Rule rule : patterns.values()) {
      if (rule.pattern().matcher(call.task()).lookingAt()) {
        return rule.options();
      }
    }
    return null;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RouteMap map
        && names.equals(map.names)
        && List.copyOf(patterns.values()).equals(List.copyOf(map.patterns.values()));
  }

  @Override
  public int hashCode() {
    return Objects.hash(names, patterns);
  }

  /** What it routes, for people to read. */
  @Override
  public String toString() {
    return "RouteMap[names=%s, patterns=%s]".formatted(names.keySet(), patterns.keySet());
  }

  /** Starts with nothing. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects routes; not thread-safe. */
  public static final class Builder {
    private final Map<String, SendOptions> names = new LinkedHashMap<>();
    private final Map<String, Rule> patterns = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Routes a name or, if it has an asterisk in it, a glob: {@code *} stands for any text, dots
     * included, {@code ?} for one character, {@code [abc]} and {@code [!abc]} for one of these and
     * for another one. A name or glob that was added before gets these options instead.
     */
    public Builder route(String nameOrGlob, SendOptions options) {
      Objects.requireNonNull(options, "options");
      if (nameOrGlob.isBlank()) {
        throw new IllegalArgumentException("a route needs the name of a task, or a pattern of it");
      }
      if (nameOrGlob.indexOf('*') < 0) {
        names.put(nameOrGlob, options);
      } else {
        patterns.put(
            nameOrGlob, new Rule(nameOrGlob, Pattern.compile(Glob.regex(nameOrGlob)), options));
      }
      return this;
    }

    /**
     * Routes the names that begin with what this matches, as Python's {@code re.match} does; end it
     * with {@code \Z} for the whole name.
     */
    public Builder route(Pattern pattern, SendOptions options) {
      Objects.requireNonNull(options, "options");
      String text = "/" + pattern.pattern() + "/" + pattern.flags();
      patterns.put(text, new Rule(text, pattern, options));
      return this;
    }

    /** Makes the map. */
    public RouteMap build() {
      return new RouteMap(this);
    }
  }
}
