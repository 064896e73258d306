package dev.stalk.worker.config;

/**
 * A piece of the file as an error may show it: short, in one line, and of an address nothing behind
 * the first colon, for there may be a password.
 */
final class Excerpt {
  private static final int LONGEST = 48;

  private Excerpt() {}

  /** As a segment of a path: bare if it looks like a name. */
  static String ofKey(String key) {
    String shown = shown(key);
    return shown.matches("[\\w@:/+-]+") ? shown : "'" + shown + "'";
  }

  static String ofValue(String value) {
    return "'" + shown(value) + "'";
  }

  private static String shown(String text) {
    String line = withoutLogin(text).replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
  }

  private static String withoutLogin(String text) {
    int colon = text.indexOf(':');
    boolean address =
        colon >= 0 && (text.startsWith("://", colon) || text.indexOf('@', colon) >= 0);
    return address ? text.substring(0, colon + 1) + "…" : text;
  }
}
