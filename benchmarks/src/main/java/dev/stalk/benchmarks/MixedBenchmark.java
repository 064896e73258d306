package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Sample;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.ResultTimeoutException;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/** Producers in Java and Python, workers in Java and Python, one queue. */
final class MixedBenchmark implements Benchmark {
  private static final String QUEUE = "mixed";
  private static final List<Integer> RATES = List.of(100, 400, 1000);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final String PYTHON =
      """
      import time
      task = app.tasks["bench.who"]
      sent = []
      start = time.time()
      for i in range(count):
          time.sleep(max(0, start + i / rate - time.time()))
          at = time.time()
          sent.append([task.apply_async(queue=queue).id, at])
      sent
      """;

  @Override
  public String name() {
    return "mixed";
  }

  @Override
  public String question() {
    return "Who does the work, and how soon, when Java and Python share a queue?";
  }

  /**
   * What became of the tasks of one run.
   *
   * @param waits seconds from sending to beginning, by who ran the task
   * @param lost how many have no result
   */
  private record Answers(Map<String, List<Double>> waits, int lost) {
    Sample all() {
      return Sample.of(waits.values().stream().flatMap(List::stream).toList());
    }
  }

  /**
   * Workers on the queue, and how they did.
   *
   * @param runs a run each
   */
  private record Team(List<Subject> subjects, List<Answers> runs) {
    Team(Subject... subjects) {
      this(List.of(subjects), new ArrayList<>());
    }

    String name() {
      return String.join(" + ", subjects.stream().map(Subject::name).toList());
    }

    Sample percentile(double percent) {
      return Sample.of(runs.stream().map(run -> run.all().percentile(percent)).toList());
    }

    Sample of(String who) {
      return Sample.of(
          runs.stream().flatMap(run -> run.waits().getOrDefault(who, List.of()).stream()).toList());
    }

    int lost() {
      return runs.stream().mapToInt(Answers::lost).sum();
    }
  }

  @Override
  public void run(Runner runner, Report report) throws Exception {
    PythonSession producer =
        runner.closed(
            PythonSession.builder(PythonEnvironment.celery())
                .module("bench_tasks")
                .directory(runner.directory())
                .environment("REDIS_URL", runner.redis().url())
                .patience(Duration.ofMinutes(5))
                .start());
    String first = runner.celery().get(0).name();
    Table table =
        new Table(
            "workers",
            "sent a second",
            "wait p50",
            "p99",
            "p50 by that of " + first,
            "by that of the bare loop",
            "run by Java, p50",
            "run by Python, p50",
            "lost");
    Map<String, List<double[]>> lines = new LinkedHashMap<>();
    for (int rate : runner.small() ? List.of(200) : RATES) {
      List<Team> teams = teams(runner);
      for (Team team : teams) {
        measure(runner, producer, team, rate);
        lines
            .computeIfAbsent(team.name(), key -> new ArrayList<>())
            .add(new double[] {rate, 1e3 * team.percentile(50).median()});
        if (team.lost() > 0) {
          report.failure(
              "%d tasks were lost by %s at %d/s".formatted(team.lost(), team.name(), rate));
        }
      }
      teams.forEach(team -> row(table, teams, team, rate));
    }
    report.table(table);
    report.remark(
        "Half of the tasks are sent from Java, half from Python; each stores its result. The bare"
            + " loop pops a message, looks for its id and stores a result; a crash would lose it.");
    Plot plot =
        new Plot(
            "Wait of tasks from producers in Java and Python",
            "tasks sent a second",
            Scale.LINEAR,
            "p50, milliseconds",
            Scale.LOGARITHMIC);
    lines.forEach(plot::line);
    report.plot("waits", plot);
  }

  /** Those to compare with first; the bare loop is the one before Stalk. */
  private static List<Team> teams(Runner runner) {
    List<Team> teams = new ArrayList<>();
    runner.celery().forEach(pool -> teams.add(new Team(pool)));
    teams.add(new Team(Subjects.BARE));
    teams.add(new Team(Subjects.STALK));
    teams.add(new Team(runner.celery().get(0), Subjects.STALK));
    return teams;
  }

  private static void measure(Runner runner, PythonSession producer, Team team, int rate)
      throws Exception {
    List<Running> workers = new ArrayList<>();
    for (Subject subject : team.subjects()) {
      workers.add(runner.start(subject, Plan.of(QUEUE, Work.WHO)));
    }
    int each = rate / 2 * runner.pick(1, 2);
    run(runner, producer, runner.pick(50, 200), rate / 2.0); // to warm up
    for (int run = 0; run < runner.runs(); run++) {
      team.runs().add(run(runner, producer, each, rate / 2.0));
    }
    workers.forEach(Running::close);
    runner.say("%s, %d/s: p50 %s".formatted(team.name(), rate, Figures.time(team.percentile(50))));
  }

  private static void row(Table table, List<Team> teams, Team team, int rate) {
    double p50 = team.percentile(50).median();
    double bare =
        teams.stream()
            .filter(each -> each.subjects().contains(Subjects.BARE))
            .mapToDouble(each -> each.percentile(50).median())
            .findFirst()
            .orElse(Double.NaN);
    table.row(
        team.name(),
        Integer.toString(rate),
        Figures.time(team.percentile(50)),
        Figures.time(team.percentile(99)),
        Figures.times(p50 / teams.get(0).percentile(50).median()),
        Figures.times(p50 / bare),
        ranBy(team.of("java")),
        ranBy(team.of("python")),
        Integer.toString(team.lost()));
  }

  private static String ranBy(Sample waits) {
    return waits.size() == 0 ? "-" : "%d, %s".formatted(waits.size(), Figures.time(waits.median()));
  }

  private static Answers run(Runner runner, PythonSession producer, int each, double rate)
      throws Exception {
    ExecutorService python = Executors.newSingleThreadExecutor();
    try {
      Callable<JsonNode> sending =
          () -> producer.eval(PYTHON, Map.of("count", each, "rate", rate, "queue", QUEUE));
      Future<JsonNode> sentByPython = python.submit(sending);
      Map<AsyncResult, Double> sent = sendFromJava(runner, each, rate);
      for (JsonNode pair : sentByPython.get()) {
        sent.put(runner.client().result(pair.get(0).asString()), pair.get(1).doubleValue());
      }
      return collect(sent);
    } finally {
      python.shutdownNow();
    }
  }

  private static Map<AsyncResult, Double> sendFromJava(Runner runner, int count, double rate) {
    Map<AsyncResult, Double> sent = new LinkedHashMap<>();
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      long due = start + (long) (1e9 * i / rate);
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      double at = Probe.seconds(Instant.now());
      sent.put(runner.client().send(TaskSignature.of("bench.who").on(QUEUE)), at);
    }
    return sent;
  }

  private static Answers collect(Map<AsyncResult, Double> sent) {
    Map<String, List<Double>> waits = new HashMap<>();
    int lost = 0;
    for (Map.Entry<AsyncResult, Double> each : sent.entrySet()) {
      try {
        Object value =
            each.getKey().get(Object.class, lost == 0 ? PATIENCE : Duration.ofSeconds(1));
        if (value instanceof List<?> pair
            && pair.get(0) instanceof String who
            && pair.get(1) instanceof Number began) {
          waits
              .computeIfAbsent(who, key -> new ArrayList<>())
              .add(Math.max(0, began.doubleValue() - each.getValue()));
        }
      } catch (ResultTimeoutException e) {
        lost++;
      }
    }
    return new Answers(waits, lost);
  }
}
