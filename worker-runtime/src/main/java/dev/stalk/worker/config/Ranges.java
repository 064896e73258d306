package dev.stalk.worker.config;

import java.time.Duration;

/** The rules of single values, in one wording. The name comes first, as YAML writes it. */
final class Ranges {
  private Ranges() {}

  static void check(String name, long least, long most, long found) {
    if (found < least || found > most) {
      throw new IllegalArgumentException(
          "%s must be between %d and %d, not %d".formatted(name, least, most, found));
    }
  }

  static void check(String name, Duration least, Duration most, Duration found) {
    if (found.compareTo(least) < 0 || found.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          "%s must be between %s and %s, not %s"
              .formatted(
                  name, Durations.format(least), Durations.format(most), Durations.format(found)));
    }
  }

  static void checkPercentage(String name, float found) {
    if (!(found > 0 && found <= 100)) {
      throw new IllegalArgumentException(
          "%s must be a percentage above 0 and at most 100, not %s".formatted(name, found));
    }
  }
}
