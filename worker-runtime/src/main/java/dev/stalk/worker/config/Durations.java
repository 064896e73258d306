package dev.stalk.worker.config;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as people write them: a whole number and its unit, for example {@code 20s}. */
public final class Durations {
  private static final Pattern WITH_UNIT = Pattern.compile("(\\d{1,12})(ms|s|m|h|d)");
  private static final Pattern BARE_NUMBER = Pattern.compile("\\d+(\\.\\d*)?");
  static final Duration LONGEST = Duration.ofDays(36_500);

  private record Unit(String symbol, Duration length) {}

  private static final List<Unit> UNITS =
      List.of(
          new Unit("d", Duration.ofDays(1)),
          new Unit("h", Duration.ofHours(1)),
          new Unit("m", Duration.ofMinutes(1)),
          new Unit("s", Duration.ofSeconds(1)),
          new Unit("ms", Duration.ofMillis(1)));

  private Durations() {}

  /**
   * Reads a duration.
   *
   * @throws IllegalArgumentException with the rule that was broken, but not the text
   */
  public static Duration parse(String text) {
    if (BARE_NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "the unit is missing: put ms, s, m, h or d behind the number, as in 20s");
    }
    Matcher matcher = WITH_UNIT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "must be a whole number and a unit (ms, s, m, h or d), as in 20s");
    }
    Duration duration = unit(matcher.group(2)).multipliedBy(Long.parseLong(matcher.group(1)));
    if (duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("must be at most " + format(LONGEST));
    }
    return duration;
  }

  private static Duration unit(String symbol) {
    return UNITS.stream()
        .filter(unit -> unit.symbol.equals(symbol))
        .findFirst()
        .orElseThrow()
        .length;
  }

  /** The same form, in the largest unit that leaves no rest; else Java's own. */
  public static String format(Duration duration) {
    if (duration.isZero()) {
      return "0s";
    }
    if (duration.isNegative() || duration.compareTo(LONGEST) > 0) {
      return duration.toString();
    }
    return UNITS.stream()
        .filter(unit -> unit.length.multipliedBy(duration.dividedBy(unit.length)).equals(duration))
        .findFirst()
        .map(unit -> duration.dividedBy(unit.length) + unit.symbol)
        .orElseGet(duration::toString);
  }
}
