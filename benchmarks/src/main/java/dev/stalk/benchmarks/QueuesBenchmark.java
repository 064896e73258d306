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
        new Table("idle", "queues", "Redis commands a second", "CPU", "resident", "threads");
    Table drain =
        new Table(
            "drain",
            "queues",
            "tasks",
            "× " + runner.celery().get(0).name(),
            "of the bare loop",
            "Redis commands a task",
            "tasks a round trip");
    Map<String, List<double[]>> cost = new LinkedHashMap<>();
    Map<String, List<double[]>> rates = new LinkedHashMap<>();
    try (Stock stock = new Stock(runner)) {
      for (int count : runner.small() ? COUNTS.subList(1, 2) : COUNTS) {
        List<Subject> subjects = new ArrayList<>(runner.celery());
        subjects.addAll(List.of(Subjects.BARE, Subjects.STALK));
        Plan plan = Plan.of("", Work.NOTHING).queues("queue-", count);
        for (Subject subject : subjects) {
          Idle found = idle(runner, subject, plan);
          row(idle, subject, count, found);
          lines(cost, subject).add(new double[] {count, found.commands()});
          if (subject.equals(Subjects.STALK) && (count == 10 || runner.small())) {
            report.figure("idle-commands", Figures.number(found.commands()) + "/s");
          }
        }
        Contest contest = new Contest(runner, stock);
        List<Contender> found =
            contest.hold(
                Entry.all(subjects, plan),
                subject -> Math.max(1, contest.share(200, 1_000, 40_000).of(subject) / count),
                PAYLOAD,
                runner.redis().url());
        for (Contender each : found) {
          row(drain, each, count, found);
          lines(rates, each.entry().subject()).add(new double[] {count, each.rate()});
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
    rates.forEach(plot::line);
    report.plot("drain", plot);
    Plot idlePlot =
        new Plot(
            "One idle worker on many queues",
            "queues",
            Scale.LOGARITHMIC,
            "Redis commands a second",
            Scale.LINEAR);
    cost.forEach(idlePlot::line);
    report.plot("idle", idlePlot);
    report.remark(
        "The bare loop has a thread and a connection for each queue, and waits in one command that"
            + " Redis answers when a message comes, or after 30 s; it would not notice a line that is"
            + " cut. Threads are those of all processes.");
  }

  private static List<double[]> lines(Map<String, List<double[]>> all, Subject subject) {
    return all.computeIfAbsent(subject.name(), key -> new ArrayList<>());
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

  private static void row(Table table, Contender each, int count, List<Contender> found) {
    table.row(
        each.name(),
        Integer.toString(count),
        Figures.rate(each.rates()),
        Figures.times(each.rate() / found.get(0).rate()),
        Figures.percent(each.rate() / Contest.find(found, Subjects.BARE.name()).rate()),
        each.median(Drained::commandsPerTask),
        each.median(Drained::tasksPerScript));
  }

  private static Idle idle(Runner runner, Subject subject, Plan plan) throws InterruptedException {
    double seconds = runner.small() ? 1 : 10;
    try (Running worker = runner.start(subject, plan)) {
      Thread.sleep(runner.pick(500, 3000)); // until it has settled down
      runner.line().call("CONFIG", "RESETSTAT");
      double before = worker.usage().processorSeconds();
      Thread.sleep((long) (1000 * seconds));
      ProcessUsage after = worker.usage();
      double commands = Drainer.Commands.of(runner.line().info("commandstats")).all();
      return new Idle(commands / seconds, (after.processorSeconds() - before) / seconds, after);
    }
  }
}
