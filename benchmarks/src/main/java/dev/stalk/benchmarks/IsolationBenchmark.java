package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** One worker, a fast queue, and neighbours that behave badly in turn. */
final class IsolationBenchmark implements Benchmark {
  private static final String FAST = "fast";
  private static final Duration GAP = Duration.ofMillis(10);

  /** Of Stalk, for each queue; Celery's queues share twice as many. */
  private static final int THREADS = 4;

  /** Changes of state of the neighbours' breakers, all runs together. */
  private double transitions;

  @Override
  public String name() {
    return "isolation";
  }

  @Override
  public String question() {
    return "How long does a fast queue wait beside a bad neighbour?";
  }

  @Override
  public void run(Runner runner, Report report) {
    transitions = 0;
    Table table =
        new Table(
            "neighbour",
            "worker",
            "idle p50",
            "p99",
            "max",
            "disturbed p50",
            "p99",
            "max",
            "not begun",
            "p99 × idle");
    Map<Subject, List<double[]>> lines = new LinkedHashMap<>();
    List<Disturbance> all = Disturbance.all();
    List<Disturbance> chosen = runner.small() ? all.subList(0, 1) : all;
    List<Subject> subjects = new ArrayList<>(runner.celery());
    subjects.add(Subjects.STALK);
    for (int number = 0; number < chosen.size(); number++) {
      for (Subject subject : subjects) {
        double p99 = measure(runner, subject, chosen.get(number), table);
        lines
            .computeIfAbsent(subject, key -> new ArrayList<>())
            .add(new double[] {number + 1, 1e3 * p99});
      }
    }
    report.table(table);
    report.remark(
        "The breaker of the neighbour that fails in phases changed its state %.0f times meanwhile."
            .formatted(transitions));
    report.remark(
        "Stalk has %d threads for each queue, Celery %d processes or threads for all. *Not begun*:"
                .formatted(THREADS, 2 * THREADS)
            + " so many of the fast tasks were still waiting "
            + patience(runner).toSeconds()
            + " s after they were sent; the percentiles are those of the others.");
    Plot plot =
        new Plot(
            "Fast queue beside a bad neighbour: p99 of the wait",
            "neighbour, in the order of the table",
            Scale.LINEAR,
            "milliseconds",
            Scale.LOGARITHMIC);
    lines.forEach((subject, points) -> plot.line(subject.name(), points));
    report.plot("p99", plot);
  }

  private static Duration patience(Runner runner) {
    return Duration.ofSeconds(runner.pick(1, 20));
  }

  /** The 99th percentile while disturbed; as long as we had patience if tasks did not begin. */
  private double measure(Runner runner, Subject subject, Disturbance disturbance, Table table) {
    List<String> neighbours =
        IntStream.range(0, disturbance.queues()).mapToObj(number -> "neighbour-" + number).toList();
    List<String> queues = new ArrayList<>(List.of(FAST));
    queues.addAll(neighbours);
    Plan plan =
        Plan.of(FAST, Work.CLOCK).queues(queues).bulkhead(THREADS, THREADS).processes(2 * THREADS);
    if (!disturbance.settings().isEmpty()) {
      for (String neighbour : neighbours) {
        plan = plan.setting(neighbour, disturbance.settings());
      }
    }
    Probe probe = new Probe(runner.client(), patience(runner));
    int probes = runner.pick(20, 300);
    runner.line().call("FLUSHDB");
    Running worker = runner.start(subject, plan);
    Probe.Waits warmUp = probe.measure(FAST, runner.pick(20, 100), GAP);
    Probe.Waits idle = probe.measure(FAST, probes, GAP);
    Pump pump = Pump.start(runner.redis().url(), disturbance, neighbours);
    Probe.Waits disturbed;
    try {
      disturbed = probe.measure(FAST, probes, GAP);
      transitions += worker.stats().getOrDefault("transitions", 0.0);
    } finally {
      worker.close();
      pump.close();
    }
    runner.say(
        "%s: %s, p50 %s → %s"
            .formatted(
                disturbance.name(),
                subject.name(),
                Figures.time(warmUp.sample().median()),
                Figures.time(disturbed.sample().median())));
    double p99 = p99(disturbed, patience(runner));
    table.row(
        disturbance.name(),
        subject.name(),
        Figures.time(idle.sample().median()),
        Figures.time(idle.sample().percentile(99)),
        Figures.time(idle.sample().max()),
        Figures.time(disturbed.sample().median()),
        Figures.time(disturbed.sample().percentile(99)),
        Figures.time(disturbed.sample().max()),
        Integer.toString(disturbed.missing()),
        disturbed.missing() > 0 ? "∞" : Figures.times(p99 / idle.sample().percentile(99)));
    return p99;
  }

  private static double p99(Probe.Waits waits, Duration patience) {
    return waits.missing() > 0 ? patience.toSeconds() : waits.sample().percentile(99);
  }
}
