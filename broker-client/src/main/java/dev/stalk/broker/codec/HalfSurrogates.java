package dev.stalk.broker.codec;

import java.nio.charset.StandardCharsets;

/**
 * Escapes of surrogates ({@code \}{@code ud83d}) in JSON. Python writes and reads them one by one;
 * Jackson refuses a key that has half a pair of them.
 */
final class HalfSurrogates {
  private static final int ESCAPE = 6;
  private static final String HIGH = "89abAB";
  private static final String LOW = "cdefCDEF";

  private HalfSurrogates() {}

  /** Whether there is an escape of half a pair. */
  static boolean areIn(byte[] json) {
    return next(json, 0) >= 0;
  }

  /** The same document as text, with each such escape replaced by the character it stands for. */
  static String unescaped(byte[] json) {
    StringBuilder text = new StringBuilder(json.length);
    int from = 0;
    for (int at = next(json, 0); at >= 0; at = next(json, from)) {
      text.append(new String(json, from, at - from, StandardCharsets.UTF_8));
      text.append((char) Integer.parseInt(hex(json, at), 16));
      from = at + ESCAPE;
    }
    return text.append(new String(json, from, json.length - from, StandardCharsets.UTF_8))
        .toString();
  }

  /** A document of the same length, with every such escape replaced by that of a question mark. */
  static byte[] masked(byte[] json) {
    byte[] masked = json.clone();
    byte[] mask = PythonJson.ascii("\\u003f");
    for (int at = next(json, 0); at >= 0; at = next(json, at + ESCAPE)) {
      System.arraycopy(mask, 0, masked, at, ESCAPE);
    }
    return masked;
  }

  private static int next(byte[] json, int from) {
    int at = from;
    while (at < json.length - 1) {
      if (json[at] != '\\') {
        at++;
      } else if (isEscape(json, at, HIGH) && isEscape(json, at + ESCAPE, LOW)) {
        at += 2 * ESCAPE;
      } else if (isEscape(json, at, HIGH + LOW)) {
        return at;
      } else {
        at += 2;
      }
    }
    return -1;
  }

  /** Whether there is an escape of D and one of these digits and two more. */
  private static boolean isEscape(byte[] json, int at, String seconds) {
    return at + ESCAPE <= json.length
        && json[at] == '\\'
        && json[at + 1] == 'u'
        && (json[at + 2] == 'd' || json[at + 2] == 'D')
        && seconds.indexOf(json[at + 3]) >= 0
        && Character.digit(json[at + 4], 16) >= 0
        && Character.digit(json[at + 5], 16) >= 0;
  }

  private static String hex(byte[] json, int at) {
    return new String(json, at + 2, 4, StandardCharsets.ISO_8859_1);
  }
}
