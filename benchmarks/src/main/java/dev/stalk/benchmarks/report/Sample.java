package dev.stalk.benchmarks.report;

import java.util.Arrays;
import java.util.Collection;

/**
 * Values of one quantity, in order. Immutable.
 *
 * @param sorted the values, ascending
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares samples
public record Sample(double[] sorted) {

  /** The sample of these values. */
  public static Sample of(Collection<Double> values) {
    return new Sample(values.stream().mapToDouble(Double::doubleValue).sorted().toArray());
  }

  /** How many values there are. */
  public int size() {
    return sorted.length;
  }

  /**
   * The smallest value that at least this share of all values does not exceed (nearest rank).
   *
   * @param percent above 0, at most 100
   * @return NaN if there are no values
   */
  public double percentile(double percent) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.max(0, Math.min(sorted.length, rank) - 1)];
  }

  /** The middle value, or the mean of the two in the middle; NaN if there are none. */
  public double median() {
    int half = sorted.length / 2;
    if (sorted.length == 0) {
      return Double.NaN;
    }
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** The largest value; NaN if there are none. */
  public double max() {
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length - 1];
  }

  /** The smallest value; NaN if there are none. */
  public double min() {
    return sorted.length == 0 ? Double.NaN : sorted[0];
  }

  /** How far the extremes are apart, as a share of the median; 0 for fewer than two values. */
  public double spread() {
    return sorted.length < 2 ? 0 : (max() - min()) / median();
  }

  @Override
  public String toString() {
    return Arrays.toString(sorted);
  }
}
