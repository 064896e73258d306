package dev.stalk.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a task takes a bare loop, by how many it handles in a round trip. A round trip costs
 * something for itself and something for each task, so between two batches that were measured the
 * time per task is taken to be a straight line over one part in the batch. Immutable.
 */
final class BatchCurve {
  private final List<double[]> points = new ArrayList<>();

  /**
   * A curve through what was measured.
   *
   * @param rates tasks a second by tasks a round trip; at least two
   */
  BatchCurve(Map<Double, Double> rates) {
    if (rates.size() < 2) {
      throw new IllegalArgumentException("a curve needs two points, not " + rates);
    }
    new TreeMap<>(rates).forEach((batch, rate) -> points.add(new double[] {1 / batch, 1 / rate}));
  }

  /** Tasks a second with this many a round trip; beyond the ends the curve goes straight on. */
  double rate(double batch) {
    int right = 1;
    while (right < points.size() - 1 && 1 / batch < points.get(right)[0]) {
      right++;
    }
    double[] from = points.get(right - 1);
    double[] to = points.get(right);
    double share = (1 / batch - from[0]) / (to[0] - from[0]);
    return 1 / (from[1] + share * (to[1] - from[1]));
  }
}
