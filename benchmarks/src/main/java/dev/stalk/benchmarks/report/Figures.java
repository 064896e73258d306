package dev.stalk.benchmarks.report;

import java.util.Locale;

/** Numbers as a reader of a table wants them: three digits that count, and a unit. */
public final class Figures {
  private Figures() {}

  /** A rate, such as {@code 41,300/s}. */
  public static String rate(double perSecond) {
    return number(perSecond) + "/s";
  }

  /** The median of rates and how far they spread, such as {@code 41,300/s ±4 %}. */
  public static String rate(Sample perSecond) {
    return withSpread(rate(perSecond.median()), perSecond);
  }

  /** A duration given in seconds, such as {@code 2.81 ms}. */
  public static String time(double seconds) {
    if (Double.isNaN(seconds)) {
      return "-";
    }
    if (seconds < 1e-3) {
      return number(seconds * 1e6) + " µs";
    }
    return seconds < 1 ? number(seconds * 1e3) + " ms" : number(seconds) + " s";
  }

  /** The median of durations in seconds, and their spread. */
  public static String time(Sample seconds) {
    return withSpread(time(seconds.median()), seconds);
  }

  private static String withSpread(String text, Sample sample) {
    if (sample.size() < 2) {
      return text;
    }
    return text + String.format(Locale.ROOT, " ±%.0f %%", 50 * sample.spread());
  }

  /** A size in bytes, such as {@code 97.4 MiB}. */
  public static String bytes(double bytes) {
    if (Double.isNaN(bytes)) {
      return "-";
    }
    if (bytes < 1024) {
      return number(bytes) + " B";
    }
    return bytes < 1 << 20 ? number(bytes / 1024) + " KiB" : number(bytes / (1 << 20)) + " MiB";
  }

  /** A ratio, such as {@code 28.4 ×}. */
  public static String times(double ratio) {
    return Double.isNaN(ratio) || Double.isInfinite(ratio) ? "-" : number(ratio) + " ×";
  }

  /** A share, such as {@code 71 %}. */
  public static String percent(double share) {
    return Double.isNaN(share) || Double.isInfinite(share)
        ? "-"
        : String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  /** Three digits that count; {@code -} for what was not measured. */
  public static String number(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    double size = Math.abs(value);
    if (size >= 1000) {
      double step = Math.pow(10, Math.floor(Math.log10(size)) - 2);
      return String.format(Locale.ROOT, "%,.0f", Math.round(value / step) * step);
    }
    int decimals = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    return String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
