package dev.stalk.cli;

import java.nio.charset.StandardCharsets;

/**
 * Text from messages, which may come from anybody, made safe to print: a terminal obeys control
 * characters, and marks of direction make text look like other text. What is not shown as it is
 * stands there as Java and JSON escape it.
 */
final class Printable {
  private Printable() {}

  /** The text on one line. */
  static String of(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              if (isSafe(c)) {
                safe.appendCodePoint(c);
              } else {
                for (char unit : Character.toChars(c)) {
                  safe.append("\\u%04x".formatted((int) unit));
                }
              }
            });
    return safe.toString();
  }

  /** The bytes as UTF-8 on one line, bytes that are not as the replacement character. */
  static String of(byte[] bytes) {
    return of(new String(bytes, StandardCharsets.UTF_8));
  }

  /** At most so many characters of the text; the last is an ellipsis if there are more. */
  static String of(String text, int length) {
    String safe = of(text);
    return safe.length() <= length ? safe : safe.substring(0, length - 1) + "…";
  }

  private static boolean isSafe(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
