package dev.stalk.worker;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How often a task may begin on one worker (celery's {@code rate_limit}): a bucket of one token.
 *
 * @param interval the time between two beginnings, more than zero
 */
public record TaskRate(Duration interval) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(?:/([smh]))?");

  public TaskRate {
    if (interval.isZero() || interval.isNegative()) {
      throw new IllegalArgumentException("a rate limit needs an interval of more than zero");
    }
  }

  /**
   * Reads Celery's form: {@code 10} or {@code 10/s} a second, {@code 100/m} a minute, {@code 0.5/h}
   * an hour (celery {@code utils/time.py:rate}).
   *
   * @throws IllegalArgumentException if the text has another form or the rate is zero
   */
  public static TaskRate parse(String text) {
    Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    double count = matcher.matches() ? Double.parseDouble(matcher.group(1)) : 0;
    if (count == 0) {
      throw new IllegalArgumentException(
          "a rate limit looks like 10/s, 100/m or 0.5/h and is more than zero, unlike '%s'"
              .formatted(text));
    }
    double seconds =
        switch (matcher.group(2) == null ? "s" : matcher.group(2)) {
          case "m" -> 60;
          case "h" -> 3600;
          default -> 1;
        };
    return new TaskRate(Duration.ofNanos(Math.max(1, Math.round(seconds / count * 1e9))));
  }
}
