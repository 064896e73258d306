package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Drains over a network that is further and further away. */
final class RoundTripBenchmark implements Benchmark {
  private static final List<Duration> ROUND_TRIPS =
      List.of(Duration.ZERO, Duration.ofMillis(1), Duration.ofMillis(2));
  private static final int PAYLOAD = 10;

  @Override
  public String name() {
    return "rtt";
  }

  @Override
  public String question() {
    return "How does a drain slow down with the round-trip time to Redis?";
  }

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    Table table =
        new Table(
            "",
            "round trip",
            "tasks",
            "of that at 0 ms",
            "× " + runner.celery().get(0).name(),
            "of the bare loop with 256",
            "tasks a round trip");
    try (Stock stock = new Stock(runner)) {
      for (Duration roundTrip : runner.small() ? ROUND_TRIPS.subList(2, 3) : ROUND_TRIPS) {
        List<Contender> found = measure(runner, stock, roundTrip);
        for (Contender each : found) {
          List<double[]> line = lines.computeIfAbsent(each.name(), key -> new ArrayList<>());
          line.add(new double[] {roundTrip.toNanos() / 1e6, each.rate()});
          table.row(
              each.name(),
              roundTrip.toMillis() + " ms",
              Figures.rate(each.rates()),
              Figures.percent(each.rate() / line.get(0)[1]),
              Figures.times(each.rate() / found.get(0).rate()),
              Figures.percent(each.rate() / Contest.find(found, bare(256)).rate()),
              each.median(Drained::tasksPerScript));
        }
      }
    }
    report.table(table);
    report.remark("Each goes through the same delaying proxy, at 0 ms too.");
    Plot plot =
        new Plot(
            "Drain over a distance",
            "round-trip time, ms",
            Scale.LINEAR,
            "tasks a second",
            Scale.LOGARITHMIC);
    lines.forEach(plot::line);
    report.plot("drain", plot);
    List<double[]> stalk = lines.getOrDefault(Subjects.STALK.name(), List.of());
    report.figure("rtt", Figures.percent(stalk.get(stalk.size() - 1)[1] / stalk.get(0)[1]));
  }

  private static String bare(int batch) {
    return "%s, %d".formatted(Subjects.BARE.name(), batch);
  }

  private static List<Contender> measure(Runner runner, Stock stock, Duration roundTrip)
      throws Exception {
    Plan plan = Plan.of("rtt", Work.NOTHING);
    List<Entry> entries = Entry.all(runner.celery(), plan);
    for (int batch : List.of(Plan.DEFAULT_PLACES, 256)) {
      entries.add(new Entry(bare(batch), Subjects.BARE, plan.batch(batch)));
    }
    entries.add(Entry.of(Subjects.STALK, plan));
    String name = Subjects.STALK.name() + ", no read-ahead";
    entries.add(new Entry(name, Subjects.STALK, plan.defaults("read-ahead: 0")));
    Contest contest = new Contest(runner, stock);
    try (DelayProxy proxy = DelayProxy.open(runner.redis().port(), roundTrip)) {
      return contest.hold(
          entries,
          contest.share(50, 1_000, 30_000),
          PAYLOAD,
          "redis://127.0.0.1:%d/0".formatted(proxy.port()));
    }
  }
}
