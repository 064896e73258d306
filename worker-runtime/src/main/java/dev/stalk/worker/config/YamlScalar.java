package dev.stalk.worker.config;

import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One value of the file that should be neither list nor mapping.
 *
 * @param path the keys that lead to it
 */
record YamlScalar(String path, Node node, Problems problems, Substitution substitution) {
  /** The tags of plain and quoted scalars; what they hold is decided by the type asked for. */
  private static final Set<Tag> UNTAGGED =
      Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.ENV_TAG);

  /**
   * What the reader expects.
   *
   * @param noun for messages
   * @param parser refuses a text with an {@link IllegalArgumentException} that does not show it
   */
  record Type<T>(String noun, Function<String, T> parser) {
    static final Type<String> TEXT = new Type<>("a text", text -> text);
    static final Type<Integer> INTEGER = new Type<>("a whole number", Type::parseInteger);
    static final Type<Duration> DURATION = new Type<>("a duration", Durations::parse);
    static final Type<Long> SIZE = new Type<>("a size", Sizes::parse);

    static final Type<Boolean> BOOLEAN = new Type<>("true or false", Type::parseBoolean);

    T parse(String written, Substitution substitution) {
      String text = substitution.apply(written);
      try {
        return parser.apply(text);
      } catch (IllegalArgumentException e) {
        // shown as it is written: what comes out of a variable may be secret
        throw new IllegalArgumentException(
            "%s, not %s".formatted(e.getMessage(), Excerpt.ofValue(written)), e);
      }
    }

    private static Boolean parseBoolean(String text) {
      if (!text.equals("true") && !text.equals("false")) {
        throw new IllegalArgumentException("must be true or false");
      }
      return text.equals("true");
    }

    private static Integer parseInteger(String text) {
      if (!text.matches("-?\\d+")) {
        throw new IllegalArgumentException("must be a whole number");
      }
      try {
        return Integer.valueOf(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("must not have so many digits", e);
      }
    }
  }

  static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  static boolean isUntagged(Node node) {
    return node instanceof ScalarNode && UNTAGGED.contains(node.getTag());
  }

  /** What a node is, for messages. */
  static String kind(Node node) {
    if (node instanceof MappingNode mapping) {
      return mapping.getTag().equals(Tag.MAP) ? "a mapping" : "a mapping with a tag";
    }
    if (node instanceof SequenceNode list) {
      return list.getTag().equals(Tag.SEQ) ? "a list" : "a list with a tag";
    }
    return isUntagged(node) ? "a single value" : "a value with a tag";
  }

  /** Hands the value to the consumer, or records why it cannot be. */
  <T> void read(Type<T> type, Consumer<T> use) {
    if (isNull(node)) {
      problem("has no value");
    } else if (node instanceof ScalarNode scalar && isUntagged(node)) {
      check(written -> use.accept(type.parse(written, substitution)), scalar.getValue());
    } else {
      problem("must be %s, not %s".formatted(type.noun, kind(node)));
    }
  }

  /** Records a refusal; a rule that begins with the key's name is told without it. */
  <T> void check(Consumer<T> rule, T value) {
    try {
      rule.accept(value);
    } catch (IllegalArgumentException e) {
      String key = path.substring(path.lastIndexOf('.') + 1);
      String message = String.valueOf(e.getMessage());
      problem(message.startsWith(key + " ") ? message.substring(key.length() + 1) : message);
    }
  }

  private void problem(String message) {
    problems.add(node.getStartMark(), path, message);
  }
}
