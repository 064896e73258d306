package dev.stalk.cli.demo;

import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;

/** Times from sending to starting, in seconds. */
record Waits(double[] sorted) {

  static Waits of(Collection<Double> seconds) {
    double[] sorted = seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return new Waits(sorted);
  }

  double percentile(double percent) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.max(0, rank - 1)];
  }

  double max() {
    return Arrays.stream(sorted).max().orElse(Double.NaN);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "p50 %s, p99 %s", millis(percentile(50)), millis(percentile(99)));
  }

  private static String millis(double seconds) {
    return String.format(Locale.ROOT, seconds < 0.1 ? "%.1f ms" : "%,.0f ms", seconds * 1000);
  }
}
