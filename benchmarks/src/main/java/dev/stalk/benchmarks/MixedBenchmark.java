package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
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
   * @param java waits of those a Java worker ran, in seconds
   * @param python waits of those a Python worker ran
   * @param lost how many have no result
   */
  private record Answers(List<Double> java, List<Double> python, int lost) {}

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
    Table table =
        new Table(
            "workers",
            "sent a second",
            "run by Java",
            "run by Python",
            "lost",
            "wait p50",
            "p99",
            "p50 of those Java ran",
            "p50 of those Python ran");
    Subject celery = runner.small() ? Subjects.THREADS : Subjects.PREFORK;
    List<List<Subject>> teams =
        List.of(List.of(celery), List.of(Subjects.STALK), List.of(celery, Subjects.STALK));
    for (int rate : runner.small() ? List.of(200) : List.of(200, 1000)) {
      for (List<Subject> team : runner.small() ? teams.subList(2, 3) : teams) {
        measure(runner, producer, table, team, rate);
      }
    }
    report.table(table);
    report.remark(
        "Half of the tasks are sent from Java, half from Python; each stores its result.");
  }

  private static void measure(
      Runner runner, PythonSession producer, Table table, List<Subject> team, int rate)
      throws Exception {
    List<Running> workers = new ArrayList<>();
    for (Subject subject : team) {
      workers.add(runner.start(subject, Plan.of(QUEUE, Work.CLOCK)));
    }
    int each = rate / 2 * runner.pick(1, 10);
    run(runner, producer, Math.min(each, 200), rate / 2.0); // to warm up
    Answers answers = run(runner, producer, each, rate / 2.0);
    workers.forEach(Running::close);
    List<Double> all = new ArrayList<>(answers.java());
    all.addAll(answers.python());
    Sample waits = Sample.of(all);
    table.row(
        String.join(" + ", team.stream().map(Subject::name).toList()),
        Integer.toString(rate),
        Integer.toString(answers.java().size()),
        Integer.toString(answers.python().size()),
        Integer.toString(answers.lost()),
        Figures.time(waits.percentile(50)),
        Figures.time(waits.percentile(99)),
        Figures.time(Sample.of(answers.java()).median()),
        Figures.time(Sample.of(answers.python()).median()));
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
    Answers answers = new Answers(new ArrayList<>(), new ArrayList<>(), 0);
    int lost = 0;
    for (Map.Entry<AsyncResult, Double> each : sent.entrySet()) {
      try {
        Object value = each.getKey().get(Object.class, PATIENCE);
        if (value instanceof List<?> pair && pair.get(1) instanceof Number began) {
          double wait = Math.max(0, began.doubleValue() - each.getValue());
          (pair.get(0).equals("java") ? answers.java() : answers.python()).add(wait);
        }
      } catch (ResultTimeoutException e) {
        lost++;
      }
    }
    return new Answers(answers.java(), answers.python(), lost);
  }
}
