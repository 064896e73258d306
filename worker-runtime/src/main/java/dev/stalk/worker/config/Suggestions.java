package dev.stalk.worker.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What to tell somebody who wrote a key that does not exist. */
final class Suggestions {
  /** Called so elsewhere; the likeness of letters would suggest something else. */
  private static final Map<String, String> OTHER_NAMES = Map.of("hard-time-limit", "time-limit");

  private Suggestions() {}

  static String forUnknownKey(String key, Collection<String> known) {
    return "unknown key; "
        + Optional.ofNullable(OTHER_NAMES.get(key))
            .filter(known::contains)
            .or(() -> closest(key, known))
            .map("did you mean %s?"::formatted)
            .orElseGet(() -> "known keys: " + String.join(", ", known));
  }

  /** What to tell somebody who named a thing that does not exist. */
  static String forUnknownName(String kind, String name, Collection<String> known) {
    String none = "no %s is called %s; ".formatted(kind, Excerpt.ofKey(name));
    if (known.isEmpty()) {
      return none + "there are none";
    }
    return none
        + closest(name, known)
            .map("did you mean %s?"::formatted)
            .orElseGet(() -> "there are: " + String.join(", ", known));
  }

  private static Optional<String> closest(String key, Collection<String> known) {
    String plain = plain(key);
    return known.stream()
        .filter(
            candidate -> distance(plain, plain(candidate)) <= Math.max(1, candidate.length() / 3))
        .min(Comparator.comparingInt(candidate -> distance(plain, plain(candidate))));
  }

  /** So that {@code visibilityTimeout} and {@code visibility_timeout} are the same. */
  private static String plain(String key) {
    return key.toLowerCase(Locale.ROOT).replaceAll("[-_]", "");
  }

  /**
   * How many letters have to be put in, left out, replaced or swapped with their neighbour to make
   * one text of the other (Levenshtein's distance with Damerau's swaps).
   */
  private static int distance(String one, String other) {
    int[] beforeLast = new int[0];
    int[] last = new int[other.length() + 1];
    for (int j = 0; j <= other.length(); j++) {
      last[j] = j;
    }
    for (int i = 1; i <= one.length(); i++) {
      int[] row = new int[other.length() + 1];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int replaced = last[j - 1] + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(last[j], row[j - 1]));
        if (swapped(one, i, other, j)) {
          row[j] = Math.min(row[j], 1 + beforeLast[j - 2]);
        }
      }
      beforeLast = last;
      last = row;
    }
    return last[other.length()];
  }

  private static boolean swapped(String one, int i, String other, int j) {
    return i > 1
        && j > 1
        && one.charAt(i - 1) == other.charAt(j - 2)
        && one.charAt(i - 2) == other.charAt(j - 1);
  }
}
