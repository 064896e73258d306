package dev.stalk.broker.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Small changes to JSON texts, such as transmission, storage and careless programs make. */
final class Mutation {
  private static final List<String> TOKENS =
      List.of(
          "null", "true", "0", "-1", "1.5", "1e9", "NaN", "INF", "\"", "\\", "\\u00e9", "{}", "[]",
          "{", "}", "[", "]", ", ", ": ", ",", ":", " ", "'", "\u0000", "\t", "\u00e9", "01", "+1");

  private Mutation() {}

  /** A copy with one to three changes, some of which change nothing that matters. */
  static byte[] of(byte[] text, Random random) {
    byte[] changed = text;
    for (int i = random.nextInt(3); i >= 0; i--) {
      changed = once(changed, random);
    }
    return changed;
  }

  private static byte[] once(byte[] text, Random random) {
    int at = random.nextInt(text.length);
    int length = Math.min(random.nextInt(8), text.length - at);
    String token = TOKENS.get(random.nextInt(TOKENS.size()));
    return switch (random.nextInt(6)) {
      case 0 -> joined(text, at, token.getBytes(StandardCharsets.UTF_8), at);
      case 1 -> joined(text, at, token.getBytes(StandardCharsets.UTF_8), at + length);
      case 2 -> joined(text, at, new byte[0], at + length);
      case 3 -> joined(text, at, new byte[] {(byte) random.nextInt(256)}, at + 1);
      case 4 -> joined(text, at, Arrays.copyOfRange(text, at, at + length), at);
      default -> joined(text, at, new byte[] {(byte) ('a' + random.nextInt(26))}, at + 1);
    };
  }

  private static byte[] joined(byte[] text, int to, byte[] middle, int from) {
    byte[] joined = Arrays.copyOf(text, to + middle.length + text.length - from);
    System.arraycopy(middle, 0, joined, to, middle.length);
    System.arraycopy(text, from, joined, to + middle.length, text.length - from);
    return joined.length == 0 ? new byte[] {'x'} : joined;
  }
}
