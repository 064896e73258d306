package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subject;
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
  private static final List<Integer> BUFFERS = List.of(8, 248);
  private static final int THREADS = 8;
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
    Table table = new Table("", "round trip", "tasks", "of that at 0 ms", "tasks a round trip");
    try (Stock stock = new Stock(runner)) {
      for (int buffer : runner.small() ? BUFFERS.subList(1, 2) : BUFFERS) {
        for (Duration roundTrip : runner.small() ? ROUND_TRIPS.subList(2, 3) : ROUND_TRIPS) {
          for (Contender each : measure(runner, stock, buffer, roundTrip)) {
            String name = "%s, %d places".formatted(each.subject().name(), THREADS + buffer);
            List<double[]> line = lines.computeIfAbsent(name, key -> new ArrayList<>());
            line.add(new double[] {roundTrip.toMillis(), each.rate()});
            table.row(
                name,
                roundTrip.toMillis() + " ms",
                Figures.rate(each.rates()),
                Figures.percent(each.rate() / line.get(0)[1]),
                each.median(Drained::tasksPerScript));
          }
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
  }

  private static List<Contender> measure(Runner runner, Stock stock, int buffer, Duration roundTrip)
      throws Exception {
    List<Subject> subjects = new ArrayList<>(runner.celery());
    subjects.addAll(List.of(Subjects.BARE, Subjects.STALK));
    Contest contest = new Contest(runner, stock);
    try (DelayProxy proxy = DelayProxy.open(runner.redis().port(), roundTrip)) {
      return contest.hold(
          subjects,
          Plan.of("rtt", Work.NOTHING).bulkhead(THREADS, buffer),
          contest.share(50, 2_000, 40_000),
          PAYLOAD,
          "redis://127.0.0.1:%d/0".formatted(proxy.port()));
    }
  }
}
