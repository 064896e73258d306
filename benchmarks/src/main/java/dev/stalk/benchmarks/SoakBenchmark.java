package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Sample;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.RedisLine;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/**
 * Ten million tasks through one worker. Fails if its heap or a key in Redis grows, or if keys come
 * that stay.
 */
final class SoakBenchmark implements Benchmark {
  private static final double MEBIBYTE = 1 << 20;
  private static final int PAYLOAD = 10;

  /** How often things are looked at, the first time after as many tasks as between two looks. */
  private static final int LOOKS = 21;

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
   * @param heap what is left on it after a full collection
   * @param keys bytes of each key in Redis, while nothing waits
   */
  private record Look(
      long tasks,
      double rate,
      double heap,
      double resident,
      double redisBytes,
      Map<String, Long> keys) {}

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Plan plan = Plan.of("soak", Work.NOTHING);
    try (Stock stock = new Stock(runner)) {
      double rate = soak(runner, stock, plan, report);
      compare(runner, stock, plan, report, rate);
    }
  }

  /** The median of the rates between two looks. */
  private static double soak(Runner runner, Stock stock, Plan plan, Report report)
      throws InterruptedException {
    int portion = runner.pick(500, 95_250);
    int portions = runner.pick(1, 5);
    stock.make("soak", portion, Work.NOTHING, PAYLOAD);
    List<Look> looks = new ArrayList<>();
    try (Running worker = runner.start(Subjects.STALK, plan)) {
      Drainer drainer = new Drainer(runner, stock);
      for (long done = 0; looks.size() < LOOKS; ) {
        double seconds = 0;
        for (int i = 0; i < portions; i++) {
          seconds += drainer.drainOnTop(plan.queues());
          done += portion;
        }
        looks.add(look(runner, worker, done, portion * portions / seconds));
        runner.say("%,d tasks".formatted(done));
      }
    }
    describe(report, looks);
    judge(runner.line(), report, looks);
    return Sample.of(looks.stream().map(Look::rate).toList()).median();
  }

  private static Look look(Runner runner, Running worker, long tasks, double rate) {
    RedisLine line = runner.line();
    Map<String, Long> keys = new TreeMap<>();
    for (String key : line.texts("KEYS", "*")) {
      if (line.call("MEMORY", "USAGE", key, "SAMPLES", "0") instanceof Long bytes) {
        keys.put(key, bytes); // it may have gone since it was listed
      }
    }
    return new Look(
        tasks,
        rate,
        worker.heapAfterCollection(),
        worker.usage().residentBytes(),
        Double.parseDouble(line.info("memory").getOrDefault("used_memory", "NaN")),
        keys);
  }

  private static void describe(Report report, List<Look> looks) {
    Table table =
        new Table(
            "after", "rate", "heap after a collection", "resident", "Redis' memory", "its keys");
    for (int i = 0; i < looks.size(); i += 2) {
      Look look = looks.get(i);
      table.row(
          "%,d".formatted(look.tasks()),
          Figures.rate(look.rate()),
          Figures.bytes(look.heap()),
          Figures.bytes(look.resident()),
          Figures.bytes(look.redisBytes()),
          Integer.toString(look.keys().size()));
    }
    report.table(table);
    Plot memory = new Plot("Memory during the soak", "tasks", Scale.LINEAR, "MiB", Scale.LINEAR);
    memory.line("resident", points(looks, Look::resident, MEBIBYTE));
    memory.line("heap after a collection", points(looks, Look::heap, MEBIBYTE));
    memory.line("Redis", points(looks, Look::redisBytes, MEBIBYTE));
    report.plot("memory", memory);
    describeKeys(report, looks);
  }

  private static void describeKeys(Report report, List<Look> looks) {
    Look start = looks.get(0);
    Look middle = looks.get(looks.size() / 2);
    Look end = looks.get(looks.size() - 1);
    Table table = new Table("bytes of the key", "at the start", "in the middle", "at the end");
    Plot plot = new Plot("Keys in Redis", "tasks", Scale.LINEAR, "bytes", Scale.LINEAR);
    TreeSet<String> names = new TreeSet<>();
    looks.forEach(look -> names.addAll(look.keys().keySet()));
    for (String name : names) {
      table.row("`%s`".formatted(name), bytes(start, name), bytes(middle, name), bytes(end, name));
      plot.line(name, points(looks, look -> look.keys().getOrDefault(name, 0L), 1));
    }
    report.table(table);
    report.plot("keys", plot);
  }

  private static String bytes(Look look, String key) {
    Long bytes = look.keys().get(key);
    return bytes == null ? "-" : bytes.toString();
  }

  private static List<double[]> points(List<Look> looks, ToDoubleFunction<Look> what, double unit) {
    return looks.stream()
        .map(look -> new double[] {look.tasks(), what.applyAsDouble(look) / unit})
        .toList();
  }

  private static void judge(RedisLine line, Report report, List<Look> looks) {
    Look end = looks.get(looks.size() - 1);
    List<String> expiring =
        end.keys().keySet().stream().filter(key -> line.number("TTL", key) != -1).toList();
    List<String> found = new ArrayList<>(Growth.ofHeap(looks.stream().map(Look::heap).toList()));
    found.addAll(Growth.ofKeys(looks.get(0).keys(), end.keys(), expiring));
    found.forEach(report::failure);
    if (found.isEmpty()) {
      report.remark("Neither the heap nor a key grew.");
    }
    report.figure(
        "soak",
        found.isEmpty()
            ? "%,d tasks, heap %s at the end, nothing grew"
                .formatted(end.tasks(), Figures.bytes(end.heap()))
            : String.join("; ", found));
  }

  private static void compare(
      Runner runner, Stock stock, Plan plan, Report report, double stalkRate)
      throws InterruptedException {
    List<Entry> entries = Entry.all(runner.celery(), plan);
    entries.add(Entry.of(Subjects.BARE, plan));
    Contest contest = new Contest(runner, stock);
    List<Contender> found =
        contest.hold(entries, contest.share(100, 1_000, 60_000), PAYLOAD, runner.redis().url());
    Table table = new Table("", "tasks", "Stalk by that", "ten million take");
    for (Contender each : found) {
      row(table, each.name(), each.rate(), stalkRate);
    }
    row(table, Subjects.STALK.name(), stalkRate, stalkRate);
    report.table(table);
    report.remark(
        "Only Stalk does all of the tasks: Celery would take hours, and the bare loop keeps nothing"
            + " that could grow. Their rates are those of shorter drains.");
  }

  private static void row(Table table, String name, double rate, double stalkRate) {
    table.row(
        name,
        Figures.rate(rate),
        Figures.times(stalkRate / rate),
        Figures.number(1e7 / rate / 60) + " min");
  }
}
