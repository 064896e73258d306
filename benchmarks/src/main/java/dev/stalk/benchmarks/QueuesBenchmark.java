package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.ProcessUsage;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One worker with more and more queues: what they cost idle, and how they drain together. */
final class QueuesBenchmark implements Benchmark {
  private static final List<Integer> COUNTS = List.of(1, 10, 100);
  private static final int THREADS = 2;
  private static final int BUFFER = 8;
  private static final int PAYLOAD = 10;

  @Override
  public String name() {
    return "queues";
  }

  @Override
  public String question() {
    return "What do 1, 10 and 100 queues cost one worker?";
  }

  /**
   * What an idle worker costs.
   *
   * @param commands Redis commands a second
   * @param processor the share of one processor
   */
  private record Idle(double commands, double processor, ProcessUsage usage) {}

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Table idle =
        new Table(
            "idle",
            "queues",
            "Redis commands a second",
            "CPU",
            "resident",
            "threads, all processes");
    Table drain =
        new Table(
            "drain", "queues", "tasks", "× Celery", "Redis commands a task", "tasks a round trip");
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    try (Stock stock = new Stock(runner)) {
      for (int count : runner.small() ? COUNTS.subList(1, 2) : COUNTS) {
        List<Subject> subjects = new ArrayList<>(runner.celery());
        subjects.add(Subjects.STALK);
        Plan plan = Plan.of("", Work.NOTHING).queues("queue-", count).bulkhead(THREADS, BUFFER);
        for (Subject subject : subjects) {
          row(idle, subject, count, idle(runner, subject, plan));
        }
        Contest contest = new Contest(runner, stock);
        List<Contender> found =
            contest.hold(
                subjects,
                plan,
                subject -> Math.max(1, contest.share(200, 4_000, 100_000).of(subject) / count),
                PAYLOAD,
                runner.redis().url());
        for (Contender each : found) {
          row(drain, each, count, found.get(0).rate());
          lines
              .computeIfAbsent(each.subject().name(), key -> new ArrayList<>())
              .add(new double[] {count, each.rate()});
        }
      }
    }
    report.table(idle);
    report.table(drain);
    Plot plot =
        new Plot(
            "One worker drains many queues",
            "queues",
            Scale.LOGARITHMIC,
            "tasks a second, all queues",
            Scale.LOGARITHMIC);
    lines.forEach(plot::line);
    report.plot("drain", plot);
  }

  private static void row(Table table, Subject subject, int count, Idle idle) {
    table.row(
        subject.name(),
        Integer.toString(count),
        Figures.number(idle.commands()),
        String.format(java.util.Locale.ROOT, "%.1f %%", 100 * idle.processor()),
        Figures.bytes(idle.usage().residentBytes()),
        Integer.toString(idle.usage().threads()));
  }

  private static void row(Table table, Contender each, int count, double celery) {
    table.row(
        each.subject().name(),
        Integer.toString(count),
        Figures.rate(each.rates()),
        Figures.times(each.rate() / celery),
        each.median(Drained::commandsPerTask),
        each.median(Drained::tasksPerScript));
  }

  private static Idle idle(Runner runner, Subject subject, Plan plan) throws InterruptedException {
    double seconds = runner.small() ? 1 : 20;
    try (Running worker = runner.start(subject, plan)) {
      Thread.sleep(runner.pick(500, 5000)); // until it has settled down
      runner.line().call("CONFIG", "RESETSTAT");
      double before = worker.usage().processorSeconds();
      Thread.sleep((long) (1000 * seconds));
      ProcessUsage after = worker.usage();
      double commands = Drainer.Commands.of(runner.line().info("commandstats")).all();
      return new Idle(commands / seconds, (after.processorSeconds() - before) / seconds, after);
    }
  }
}
