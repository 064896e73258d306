package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Drains messages with larger and larger arguments. */
final class PayloadBenchmark implements Benchmark {
  private static final List<Integer> SIZES = List.of(100, 1024, 100 * 1024, 1024 * 1024);
  private static final int MEBIBYTE = 1 << 20;

  @Override
  public String name() {
    return "payload";
  }

  @Override
  public String question() {
    return "How does a drain slow down with the size of the arguments?";
  }

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    Table table =
        new Table(
            "",
            "argument",
            "tasks",
            "arguments",
            "× " + runner.celery().get(0).name(),
            "of the bare loop",
            "Redis CPU a task, µs",
            "worker CPU a task, µs",
            "allocated a task");
    try (Stock stock = new Stock(runner)) {
      for (int size : runner.small() ? SIZES.subList(2, 3) : SIZES) {
        List<Contender> found = measure(runner, stock, size);
        for (Contender each : found) {
          table.row(
              each.name(),
              Figures.bytes(size),
              Figures.rate(each.rates()),
              Figures.number(each.rate() * size / MEBIBYTE) + " MiB/s",
              Figures.times(each.rate() / found.get(0).rate()),
              Figures.percent(each.rate() / Contest.find(found, Subjects.BARE.name()).rate()),
              each.median(Drained::redisMicros),
              each.median(Drained::workerMicros),
              Figures.bytes(each.sample(Drained::allocatedPerTask).median()));
          lines
              .computeIfAbsent(each.name(), key -> new ArrayList<>())
              .add(new double[] {size, each.rate()});
        }
      }
    }
    report.table(table);
    report.remark(
        "The bare loop fetches up to %d at a time, and no more than about a mebibyte, as Stalk does."
            .formatted(Plan.DEFAULT_PLACES));
    Plot plot =
        new Plot(
            "Drain by size of the argument",
            "bytes",
            Scale.LOGARITHMIC,
            "tasks a second",
            Scale.LOGARITHMIC);
    lines.forEach(plot::line);
    report.plot("drain", plot);
  }

  /** The bare loop's: as many as Stalk fetches, which ends a fetch after about a mebibyte. */
  private static int batch(int size) {
    return Math.max(1, Math.min(Plan.DEFAULT_PLACES, MEBIBYTE * 3 / 4 / size));
  }

  private static List<Contender> measure(Runner runner, Stock stock, int size) throws Exception {
    Plan plan = Plan.of("payload", Work.NOTHING).batch(batch(size));
    List<Entry> entries = Entry.all(runner.celery(), plan);
    entries.addAll(Entry.all(List.of(Subjects.BARE, Subjects.STALK), plan));
    Contest contest = new Contest(runner, stock);
    int mebibytes = MEBIBYTE / size;
    return contest.hold(
        entries,
        contest.share(
            Math.min(50, 2 + mebibytes / 10),
            Math.min(3_000, 30 * mebibytes),
            Math.min(80_000, 200 * mebibytes)),
        size,
        runner.redis().url());
  }
}
