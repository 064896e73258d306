package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.ProcessUsage;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Ten million tasks through one worker: does anything grow? */
final class SoakBenchmark implements Benchmark {
  private static final int MEBIBYTE = 1 << 20;
  private static final int ROWS = 10;
  private static final int PAYLOAD = 10;

  @Override
  public String name() {
    return "soak";
  }

  @Override
  public String question() {
    return "Does anything grow while one worker runs ten million tasks?";
  }

  /**
   * How things stand after some of the tasks.
   *
   * @param live what the last collection left in the heap
   * @param keys how many keys Redis holds
   */
  private record Mark(
      long tasks, double rate, double live, double resident, double redisBytes, long keys) {}

  @Override
  public void run(Runner runner, Report report) throws Exception {
    int portion = runner.pick(1_000, 100_000);
    int portions = runner.pick(3, 100);
    Plan plan = Plan.of("soak", Work.NOTHING).bulkhead(8, 248);
    List<Mark> marks = new ArrayList<>();
    try (Stock stock = new Stock(runner)) {
      stock.make("soak", portion, Work.NOTHING, PAYLOAD);
      Running worker = runner.start(Subjects.STALK, plan);
      Drainer drainer = new Drainer(runner, stock);
      for (int done = 1; done <= portions; done++) {
        double seconds = drainer.drainOnTop(plan.queues());
        marks.add(mark(runner, worker, (long) done * portion, portion / seconds));
        runner.say("%,d tasks".formatted((long) done * portion));
      }
    }
    describe(runner, report, marks);
  }

  private static Mark mark(Runner runner, Running worker, long tasks, double rate) {
    Map<String, Double> stats = worker.stats();
    double redis =
        Double.parseDouble(runner.line().info("memory").getOrDefault("used_memory", "0"));
    return new Mark(
        tasks,
        rate,
        stats.getOrDefault("live", Double.NaN),
        ProcessUsage.of(worker.pid()).residentBytes(),
        redis,
        runner.line().number("DBSIZE"));
  }

  private static void describe(Runner runner, Report report, List<Mark> marks) {
    Table table =
        new Table("after", "rate", "live heap", "resident", "Redis' memory", "keys in Redis");
    int step = Math.max(1, marks.size() / ROWS);
    for (int i = step - 1; i < marks.size(); i += step) {
      Mark mark = marks.get(i);
      table.row(
          "%,d".formatted(mark.tasks()),
          Figures.rate(mark.rate()),
          Figures.bytes(mark.live()),
          Figures.bytes(mark.resident()),
          Figures.bytes(mark.redisBytes()),
          Long.toString(mark.keys()));
    }
    report.table(table);
    report.remark("Keys left at the end: %s.".formatted(keys(runner)));
    Plot plot = new Plot("Memory during the soak", "tasks", Scale.LINEAR, "MiB", Scale.LINEAR);
    plot.line("live heap", marks.stream().map(m -> point(m, m.live())).toList());
    plot.line("resident", marks.stream().map(m -> point(m, m.resident())).toList());
    plot.line("Redis", marks.stream().map(m -> point(m, m.redisBytes())).toList());
    report.plot("memory", plot);
  }

  private static double[] point(Mark mark, double bytes) {
    return new double[] {mark.tasks(), bytes / MEBIBYTE};
  }

  private static String keys(Runner runner) {
    List<String> keys = new ArrayList<>();
    for (String key : runner.line().texts("KEYS", "*")) {
      keys.add("`%s` (%d bytes)".formatted(key, runner.line().number("MEMORY", "USAGE", key)));
    }
    return String.join(", ", keys);
  }
}
