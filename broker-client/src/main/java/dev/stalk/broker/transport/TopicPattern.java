package dev.stalk.broker.transport;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The regular expressions that stand in a topic exchange's table (kombu {@code
 * transport/virtual/exchange.py:TopicExchange}). They are written by whoever bound a queue, so they
 * are evaluated as they stand, with a bound on the work. Keeps what it has compiled. Thread-safe.
 */
public final class TopicPattern {
  private static final int MAX_STEPS = 1_000_000;
  private static final int MAX_CACHED = 1000;

  private final Map<String, Pattern> compiled = new ConcurrentHashMap<>();

  /** Knows no pattern yet. */
  public TopicPattern() {}

  /** What kombu since 5.7 makes of a binding's key: a star stands for exactly one word. */
  public static String of(String key) {
    return of(key, "[^\\.]+");
  }

  /** What kombu before 5.7 makes of it: a star stands for any text that does not end in a dot. */
  public static String before57(String key) {
    return of(key, ".*?[^\\.]");
  }

  private static String of(String key, String star) {
    StringBuilder pattern = new StringBuilder("^");
    String[] words = escaped(key).split("\\.", -1);
    for (int i = 0; i < words.length; i++) {
      pattern.append(i == 0 ? "" : "\\.");
      pattern.append(words[i].equals("*") ? star : words[i].equals("#") ? ".*?" : words[i]);
    }
    return pattern.append('$').toString();
  }

  /** As kombu escapes (kombu {@code utils/text.py:escape_regex}). */
  private static String escaped(String key) {
    StringBuilder text = new StringBuilder();
    key.codePoints()
        .forEach(
            c -> {
              if (c == 0) {
                text.append("\\000");
              } else {
                text.append(isAlphanumeric(c) || ".#*".indexOf(c) >= 0 ? "" : "\\")
                    .appendCodePoint(c);
              }
            });
    return text.toString();
  }

  /** Python's {@code str.isalnum}: letters, and numbers of every kind. */
  private static boolean isAlphanumeric(int c) {
    int type = Character.getType(c);
    return Character.isLetterOrDigit(c)
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  /**
   * Whether a pattern of the table matches a routing key, as Python's {@code re.match}.
   *
   * @throws BrokerException if the pattern is none, or too much work
   */
  public boolean matches(String pattern, String routingKey) {
    try {
      return compile(pattern).matcher(new Bounded(routingKey, new int[] {MAX_STEPS})).lookingAt();
    } catch (PatternSyntaxException e) {
      throw new BrokerException("the pattern " + pattern + " is none: " + e.getDescription(), e);
    } catch (StackOverflowError | TooMuchWork e) {
      throw new BrokerException(
          "the pattern %s is too much work for a key of %d characters"
              .formatted(pattern, routingKey.length()),
          e);
    }
  }

  private Pattern compile(String pattern) {
    if (compiled.size() > MAX_CACHED) {
      compiled.clear();
    }
    return compiled.computeIfAbsent(pattern, text -> Pattern.compile(text, Pattern.UNIX_LINES));
  }

  private static final class TooMuchWork extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooMuchWork() {
      super("too much work", null, false, false);
    }
  }

  /** A text that may be looked at so many times. */
  private record Bounded(String text, int[] left) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (--left[0] < 0) {
        throw new TooMuchWork();
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Bounded(text.substring(start, end), left);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
