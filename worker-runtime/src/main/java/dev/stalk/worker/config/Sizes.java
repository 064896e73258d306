package dev.stalk.worker.config;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: a whole number and its unit, for example {@code 64MiB}. */
final class Sizes {
  private static final Pattern WITH_UNIT = Pattern.compile("(\\d{1,12})(B|KiB|MiB|GiB)");
  private static final Pattern BARE_NUMBER = Pattern.compile("\\d+(\\.\\d*)?");
  private static final long LARGEST = 1L << 50;

  private record Unit(String symbol, long bytes) {}

  private static final List<Unit> UNITS =
      List.of(
          new Unit("GiB", 1L << 30),
          new Unit("MiB", 1L << 20),
          new Unit("KiB", 1L << 10),
          new Unit("B", 1));

  private Sizes() {}

  /**
   * Reads a number of bytes.
   *
   * @throws IllegalArgumentException with the rule that was broken, but not the text
   */
  static long parse(String text) {
    if (BARE_NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "the unit is missing: put B, KiB, MiB or GiB behind the number, as in 64MiB");
    }
    Matcher matcher = WITH_UNIT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "must be a whole number and a unit (B, KiB, MiB or GiB), as in 64MiB");
    }
    long number = Long.parseLong(matcher.group(1));
    long unit =
        UNITS.stream()
            .filter(candidate -> candidate.symbol.equals(matcher.group(2)))
            .findFirst()
            .orElseThrow()
            .bytes;
    if (number > LARGEST / unit) {
      throw new IllegalArgumentException("must be at most " + format(LARGEST));
    }
    return number * unit;
  }

  /** The same form, in the largest unit that leaves no rest. */
  static String format(long bytes) {
    return UNITS.stream()
        .filter(unit -> bytes != 0 && bytes % unit.bytes == 0)
        .findFirst()
        .map(unit -> bytes / unit.bytes + unit.symbol)
        .orElse(bytes + "B");
  }
}
