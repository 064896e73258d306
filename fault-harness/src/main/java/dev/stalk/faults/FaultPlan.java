package dev.stalk.faults;

import java.time.Duration;
import java.util.SplittableRandom;

/**
 * The faults of a seed, one after the other. The same seed gives the same faults to every fleet;
 * when exactly each strikes, and what it meets, is the machine's. For one thread.
 */
final class FaultPlan {
  private static final int WEIGHTS = weights();

  private final SplittableRandom random;
  private final Duration meanPause;

  /**
   * @param seed any number
   * @param meanPause the mean of the pauses before the faults, which lie between nothing and twice
   *     that
   */
  FaultPlan(long seed, Duration meanPause) {
    this.random = new SplittableRandom(seed);
    this.meanPause = meanPause;
  }

  private static int weights() {
    int sum = 0;
    for (FaultKind kind : FaultKind.values()) {
      sum += kind.weight();
    }
    return sum;
  }

  /** The next fault. */
  Fault next() {
    FaultKind kind = kind(random.nextInt(WEIGHTS));
    int choice = random.nextInt(Integer.MAX_VALUE);
    double severity = random.nextDouble();
    Duration pause = Duration.ofMillis(random.nextLong(2 * meanPause.toMillis() + 1));
    return new Fault(kind, choice, severity, pause);
  }

  private static FaultKind kind(int point) {
    int left = point;
    for (FaultKind kind : FaultKind.values()) {
      left -= kind.weight();
      if (left < 0) {
        return kind;
      }
    }
    throw new IllegalStateException("no kind at " + point);
  }
}
