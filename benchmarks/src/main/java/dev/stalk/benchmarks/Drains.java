package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Subjects;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What drains of one kind of work were like, told beside the bare loop.
 *
 * @param all the contenders, the one others are compared with first
 */
record Drains(List<Contender> all) {
  /** How the bare loop with this batch is called. */
  static String bare(int batch) {
    return "%s, %d".formatted(Subjects.BARE.name(), batch);
  }

  private Contender find(String name) {
    return Contest.find(all, name);
  }

  private BatchCurve curve() {
    Map<Double, Double> rates = new LinkedHashMap<>();
    for (Contender each : all) {
      if (each.entry().subject().equals(Subjects.BARE)) {
        rates.put(each.sample(Drained::tasksPerScript).median(), each.rate());
      }
    }
    return new BatchCurve(rates);
  }

  private String ofBare(Contender each) {
    double batch = each.sample(Drained::tasksPerScript).median();
    return Double.isNaN(batch) ? "-" : Figures.percent(each.rate() / curve().rate(batch));
  }

  private String ofBare(Contender each, int batch) {
    return Figures.percent(each.rate() / find(bare(batch)).rate());
  }

  private String commands(Contender each) {
    return each.median(Drained::commandsPerTask);
  }

  private String timesCelery(Contender each) {
    return Figures.times(each.rate() / all.get(0).rate());
  }

  Table table() {
    Table table =
        new Table(
            "",
            "tasks",
            "× " + all.get(0).name(),
            "tasks a round trip",
            "of the bare loop with as many",
            "of the bare loop with 16",
            "with 256",
            "Redis commands a task",
            "Redis CPU a task, µs",
            "worker CPU a task, µs",
            "allocated a task",
            "bytes to Redis and back, a task");
    for (Contender each : all) {
      table.row(
          each.name(),
          Figures.rate(each.rates()),
          timesCelery(each),
          each.median(Drained::tasksPerScript),
          ofBare(each),
          ofBare(each, 16),
          ofBare(each, 256),
          commands(each),
          each.median(Drained::redisMicros),
          each.median(Drained::workerMicros),
          Figures.bytes(each.sample(Drained::allocatedPerTask).median()),
          each.median(drained -> drained.bytesToRedis() / drained.tasks())
              + ", "
              + each.median(drained -> drained.bytesFromRedis() / drained.tasks()));
    }
    return table;
  }

  /** Rates by tasks a round trip; Celery takes one at a time. */
  Plot plot(String title) {
    Plot plot =
        new Plot(
            "Drain of a full queue: " + title.toLowerCase(Locale.ROOT),
            "tasks a round trip",
            Scale.LOGARITHMIC,
            "tasks a second",
            Scale.LOGARITHMIC);
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (Contender each : all) {
      double batch = each.sample(Drained::tasksPerScript).median();
      lines
          .computeIfAbsent(each.entry().subject().name(), key -> new ArrayList<>())
          .add(new double[] {Double.isNaN(batch) ? 1 : batch, each.rate()});
    }
    lines.forEach(plot::line);
    return plot;
  }

  /** Names the figures of the worker as it is by default. */
  void tell(Report report, String prefix) {
    Contender stalk = find(Subjects.STALK.name());
    report.figure(prefix + "-rate", Figures.rate(stalk.rate()));
    report.figure(prefix + "-celery", timesCelery(stalk));
    report.figure(prefix + "-bare", ofBare(stalk));
    report.figure(prefix + "-commands", commands(stalk));
  }
}
