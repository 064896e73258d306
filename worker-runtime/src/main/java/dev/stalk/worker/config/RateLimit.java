package dev.stalk.worker.config;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How many of a queue's tasks may begin in which time; Resilience4j's rate limiter under its names.
 * Immutable; an invalid one cannot be made.
 *
 * @param limitForPeriod how many in each period, 1 to 1,000,000; what was not used in one period is
 *     not saved for the next
 * @param limitRefreshPeriod the length of a period, 1 ms to 36,500 days
 */
public record RateLimit(int limitForPeriod, Duration limitRefreshPeriod) {
  private static final int MAX_LIMIT = 1_000_000;
  private static final Duration SHORTEST = Duration.ofMillis(1);

  /** Spacing finer than this costs wake-ups and helps nobody. */
  private static final double FINEST_SECONDS = 0.01;

  /** What Python's {@code float} reads, but for signs and names, then Celery's modifier. */
  private static final Pattern RATE =
      Pattern.compile(
          "\\s*((?:\\d(?:_?\\d)*(?:\\.(?:\\d(?:_?\\d)*)?)?|\\.\\d(?:_?\\d)*)(?:[eE][+-]?\\d{1,3})?)\\s*(?:/([smh]?))?");

  private static final int LONGEST_TEXT = 40;

  public RateLimit {
    Objects.requireNonNull(limitRefreshPeriod, "limitRefreshPeriod");
    Ranges.check("limit-for-period", 1, MAX_LIMIT, limitForPeriod);
    Ranges.check("limit-refresh-period", SHORTEST, Durations.LONGEST, limitRefreshPeriod);
  }

  /**
   * Reads a rate as Celery writes it ({@code celery/utils/time.py:rate}): {@code 100/m}, {@code
   * 10/s}, {@code 500/h}, or a bare number for each second. The tasks are spaced evenly, as
   * Celery's token bucket spaces them: {@code 100/m} is one every 600 ms.
   *
   * @throws IllegalArgumentException if the text is no rate above zero
   */
  public static RateLimit parse(String text) {
    double perSecond = perSecond(text);
    if (perSecond == 0) {
      throw refused();
    }
    double limit = Math.max(1, Math.ceil(perSecond * FINEST_SECONDS));
    if (limit > MAX_LIMIT) {
      throw new IllegalArgumentException("must be at most 100000000/s");
    }
    return new RateLimit((int) limit, Duration.ofNanos(Math.round(limit / perSecond * 1e9)));
  }

  /**
   * Reads a rate exactly as Celery does ({@code celery/utils/time.py:rate}): a number, and {@code
   * /s}, {@code /m} or {@code /h} for each second, minute or hour; a bare number, or one with a
   * slash alone, is for each second.
   *
   * @return how many a second; 0 for no limit
   * @throws IllegalArgumentException if Celery cannot read it, or it is negative or has no end
   */
  public static double perSecond(String text) {
    Matcher rate = RATE.matcher(text);
    if (text.length() > LONGEST_TEXT || !rate.matches()) {
      throw refused();
    }
    double number = Double.parseDouble(rate.group(1).replace("_", ""));
    if (Double.isInfinite(number)) {
      throw refused();
    }
    return number / secondsOf(rate.group(2));
  }

  private static IllegalArgumentException refused() {
    return new IllegalArgumentException(
        "must be a number and a unit (/s, /m or /h) as in 100/m; 0 is for no limit");
  }

  private static int secondsOf(@Nullable String unit) {
    if (unit == null || unit.isEmpty() || unit.equals("s")) {
      return 1;
    }
    return unit.equals("m") ? 60 : 3600;
  }

  @Override
  public String toString() {
    return limitForPeriod + " per " + Durations.format(limitRefreshPeriod);
  }
}
