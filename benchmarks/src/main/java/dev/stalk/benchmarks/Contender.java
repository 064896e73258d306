package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Sample;
import dev.stalk.benchmarks.subject.Running;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What was entered for a contest, and how it did.
 *
 * @param entry what it is
 * @param worker it at work
 * @param queues its queues
 * @param tasks how many it drains at a time, all queues together
 * @param drains what was measured
 */
record Contender(
    Entry entry, Running worker, List<String> queues, int tasks, List<Drained> drains) {

  String name() {
    return entry.name();
  }

  Sample rates() {
    return sample(Drained::rate);
  }

  double rate() {
    return rates().median();
  }

  Sample sample(ToDoubleFunction<Drained> what) {
    return Sample.of(drains.stream().map(what::applyAsDouble).toList());
  }

  /** The median of a figure as text; a dash where it does not apply. */
  String median(ToDoubleFunction<Drained> what) {
    double value = sample(what).median();
    return Double.isInfinite(value) ? "-" : Figures.number(value);
  }
}
