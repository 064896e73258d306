package dev.stalk.worker;

/**
 * Text from a message as a log line or a reason may show it: on one line, so that nobody writes
 * lines of his own into a log, and not without end. Stateless.
 */
final class OneLine {
  private static final int LONGEST = 400;

  private OneLine() {}

  /**
   * The text, at most 400 characters of it, with what is not to be printed as {@code \}{@code u}
   * escapes.
   */
  static String of(String text) {
    boolean longer = text.length() > LONGEST;
    StringBuilder line = new StringBuilder();
    text.chars()
        .limit(LONGEST)
        .forEach(
            c -> {
              if (isPrinted((char) c)) {
                line.append((char) c);
              } else {
                line.append("\\u%04x".formatted(c));
              }
            });
    return longer ? line + "..." : line.toString();
  }

  private static boolean isPrinted(char c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
