package dev.stalk.benchmarks;

import static java.util.Arrays.stream;

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
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Sends tasks to workers that have nothing else to do. */
final class LatencyBenchmark implements Benchmark {
  private static final Duration GAP = Duration.ofMillis(10);
  private static final int CLASSES_PER_TEN = 10;
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
    Map<Subject, List<Sample>> runs = new LinkedHashMap<>();
    for (Subject subject : subjects) {
      runner.start(subject, Plan.of(queue(subject), Work.CLOCK));
      runs.put(subject, new ArrayList<>());
    }
    Probe probe = new Probe(runner.client(), PATIENCE);
    int probes = runner.pick(30, 500);
    subjects.forEach(subject -> probe.measure(queue(subject), probes, GAP)); // to warm up
    for (int run = 0; run < runner.runs(); run++) {
      runs.forEach(
          (subject, all) -> {
            Sample sample = probe.measure(queue(subject), probes, GAP).sample();
            runner.say(subject.name() + " p50 " + Figures.time(sample.median()));
            all.add(sample);
          });
    }
    describe(runs, report);
  }

  private static String queue(Subject subject) {
    return "idle-" + subject.slug();
  }

  private static void describe(Map<Subject, List<Sample>> runs, Report report) {
    Subject celery = runs.keySet().iterator().next();
    Table table =
        new Table(
            "send → start",
            "p50",
            "by that of " + celery.name(),
            "by that of the bare loop",
            "p90",
            "p99",
            "p99.9",
            "max",
            "tasks");
    Plot plot =
        new Plot(
            "Waits of tasks sent to an idle worker",
            "milliseconds",
            Scale.LOGARITHMIC,
            "% of the tasks",
            Scale.LINEAR);
    double ofCelery = medians(runs, celery).median();
    double ofBare = medians(runs, Subjects.BARE).median();
    runs.forEach(
        (subject, samples) -> {
          Sample all =
              Sample.of(
                  samples.stream().flatMapToDouble(each -> stream(each.sorted())).boxed().toList());
          Sample medians = medians(runs, subject);
          table.row(
              subject.name(),
              Figures.time(medians),
              Figures.times(medians.median() / ofCelery),
              Figures.times(medians.median() / ofBare),
              Figures.time(all.percentile(90)),
              Figures.time(all.percentile(99)),
              Figures.time(all.percentile(99.9)),
              Figures.time(all.max()),
              Integer.toString(all.size()));
          plot.line(subject.name(), histogram(all));
        });
    report.table(table);
    report.plot("waits", plot);
  }

  /** The medians of the runs. */
  private static Sample medians(Map<Subject, List<Sample>> runs, Subject subject) {
    return Sample.of(runs.getOrDefault(subject, List.of()).stream().map(Sample::median).toList());
  }

  /** How many of a hundred waited so long; ten classes for each power of ten. */
  private static List<double[]> histogram(Sample seconds) {
    Map<Long, Long> classes =
        stream(seconds.sorted())
            .boxed()
            .collect(
                Collectors.groupingBy(
                    LatencyBenchmark::classOf, TreeMap::new, Collectors.counting()));
    List<double[]> points = new ArrayList<>();
    long first = classOf(seconds.min()) - 1;
    long last = classOf(seconds.max()) + 1;
    for (long each = first; each <= last; each++) {
      double millis = Math.pow(10, (each + 0.5) / CLASSES_PER_TEN);
      double share = 100.0 * classes.getOrDefault(each, 0L) / seconds.size();
      points.add(new double[] {millis, share});
    }
    return points;
  }

  private static long classOf(double seconds) {
    return (long) Math.floor(CLASSES_PER_TEN * Math.log10(Math.max(1e-3, 1e3 * seconds)));
  }
}
