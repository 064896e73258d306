package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Sample;
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
import java.util.stream.IntStream;

/** Sends tasks to workers that have nothing else to do. */
final class LatencyBenchmark implements Benchmark {
  private static final Duration GAP = Duration.ofMillis(10);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String question() {
    return "How long after it was sent does a task begin, when the worker is idle?";
  }

  @Override
  public void run(Runner runner, Report report) {
    List<Subject> subjects = new ArrayList<>(runner.celery());
    subjects.addAll(List.of(Subjects.BARE, Subjects.STALK));
    Map<Subject, List<Double>> waits = new LinkedHashMap<>();
    for (Subject subject : subjects) {
      runner.start(subject, Plan.of(queue(subject), Work.CLOCK));
      waits.put(subject, new ArrayList<>());
    }
    Probe probe = new Probe(runner.client(), PATIENCE);
    int probes = runner.pick(30, 500);
    subjects.forEach(subject -> probe.measure(queue(subject), probes, GAP)); // to warm up
    for (int run = 0; run < runner.runs(); run++) {
      waits.forEach(
          (subject, all) -> {
            Sample sample = probe.measure(queue(subject), probes, GAP).sample();
            runner.say(subject.name() + " p50 " + Figures.time(sample.median()));
            for (double wait : sample.sorted()) {
              all.add(wait);
            }
          });
    }
    describe(waits, report);
  }

  private static String queue(Subject subject) {
    return "idle-" + subject.slug();
  }

  private static void describe(Map<Subject, List<Double>> waits, Report report) {
    Table table = new Table("send → start", "p50", "p90", "p99", "p99.9", "max", "tasks");
    Plot plot =
        new Plot(
            "Waits of tasks sent to an idle worker",
            "milliseconds",
            Scale.LOGARITHMIC,
            "% that waited no longer",
            Scale.LINEAR);
    waits.forEach(
        (subject, all) -> {
          Sample sample = Sample.of(all);
          table.row(
              subject.name(),
              Figures.time(sample.percentile(50)),
              Figures.time(sample.percentile(90)),
              Figures.time(sample.percentile(99)),
              Figures.time(sample.percentile(99.9)),
              Figures.time(sample.max()),
              Integer.toString(sample.size()));
          plot.line(subject.name(), distribution(sample));
        });
    report.table(table);
    report.plot("waits", plot);
  }

  private static List<double[]> distribution(Sample seconds) {
    return IntStream.rangeClosed(1, 100)
        .mapToObj(percent -> new double[] {1e3 * seconds.percentile(percent), percent})
        .toList();
  }
}
