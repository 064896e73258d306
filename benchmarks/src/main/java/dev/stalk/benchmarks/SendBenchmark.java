package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Sample;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.RedisLine;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Sends from one thread, one by one and many at a time, with nobody to receive. */
final class SendBenchmark implements Benchmark {
  private static final int AT_ONCE = 1000;
  private static final String QUEUE = "sent";
  private static final String PAYLOAD = "x".repeat(10);

  private static final String PYTHON =
      """
      import time
      task = app.tasks["bench.nothing"]
      start = time.perf_counter()
      for _ in range(count):
          task.apply_async((payload,), queue=queue, ignore_result=ignored)
      time.perf_counter() - start
      """;

  /** The nearest Celery has to sending many: it still writes and awaits one after another. */
  private static final String PYTHON_GROUP =
      """
      import time
      from celery import group
      task = app.tasks["bench.nothing"]
      start = time.perf_counter()
      for _ in range(count // size):
          group(
              task.signature((payload,), queue=queue, ignore_result=True) for _ in range(size)
          ).apply_async()
      time.perf_counter() - start
      """;

  /** Sends that many and returns how many seconds it took. */
  private interface Way {
    double send(int count);
  }

  @Override
  public String name() {
    return "send";
  }

  @Override
  public String question() {
    return "How many tasks a second can one thread send?";
  }

  @Override
  public void run(Runner runner, Report report) {
    PythonSession python =
        runner.closed(
            PythonSession.builder(PythonEnvironment.celery())
                .module("bench_tasks")
                .directory(runner.directory())
                .environment("REDIS_URL", runner.redis().url())
                .start());
    RedisLine bare = runner.closed(RedisLine.open(runner.redis().url()));
    runner.client().send(task());
    byte[] message = (byte[]) Objects.requireNonNull(bare.call("LINDEX", QUEUE, "0"));

    Map<String, Way> ways = new LinkedHashMap<>();
    ways.put("Celery, one by one, with a result", count -> python(python, count, false));
    ways.put("Celery, one by one, without", count -> python(python, count, true));
    ways.put("Celery, groups of " + AT_ONCE, count -> groups(python, count));
    ways.put("bare loop, one by one", count -> bare(bare, message, count, 1));
    ways.put("Stalk, one by one", count -> timed(() -> oneByOne(runner, count)));
    ways.put("bare loop, " + AT_ONCE + " at a time", count -> bare(bare, message, count, AT_ONCE));
    ways.put("Stalk, " + AT_ONCE + " at a time", count -> timed(() -> many(runner, count)));
    Map<String, List<Double>> rates = measure(runner, ways);
    report.table(table(rates));
    report.remark(
        "A sender in Celery has no pool of workers, so there is one figure for both; and no call"
            + " that sends many messages at once: a group sends its members one by one.");
  }

  private static Map<String, List<Double>> measure(Runner runner, Map<String, Way> ways) {
    Map<String, List<Double>> rates = new LinkedHashMap<>();
    ways.keySet().forEach(name -> rates.put(name, new ArrayList<>()));
    for (int run = runner.small() ? 0 : -2; run < runner.runs(); run++) {
      boolean counts = run >= 0;
      ways.forEach(
          (name, way) -> {
            int count = count(runner, name);
            double rate = count / way.send(count);
            runner.say(name + " " + Figures.rate(rate));
            if (counts) {
              rates.computeIfAbsent(name, key -> new ArrayList<>()).add(rate);
            }
            runner.line().call("DEL", QUEUE);
          });
    }
    return rates;
  }

  private static int count(Runner runner, String name) {
    if (name.endsWith("at a time")) {
      return runner.pick(2 * AT_ONCE, 200 * AT_ONCE);
    }
    if (name.contains("groups")) {
      return runner.pick(AT_ONCE, 3 * AT_ONCE);
    }
    return name.startsWith("Celery") ? runner.pick(200, 3000) : runner.pick(1000, 20_000);
  }

  private static double python(PythonSession session, int count, boolean ignored) {
    Map<String, Object> variables =
        Map.of("count", count, "payload", PAYLOAD, "queue", QUEUE, "ignored", ignored);
    return session.eval(PYTHON, variables).doubleValue();
  }

  private static double groups(PythonSession session, int count) {
    Map<String, Object> variables =
        Map.of("count", count, "size", AT_ONCE, "payload", PAYLOAD, "queue", QUEUE);
    return session.eval(PYTHON_GROUP, variables).doubleValue();
  }

  private static double bare(RedisLine line, byte[] message, int count, int atOnce) {
    byte[] push = "LPUSH".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    byte[] queue = QUEUE.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    return timed(
        () -> {
          for (int sent = 0; sent < count; sent += atOnce) {
            for (int i = 0; i < atOnce; i++) {
              line.write(push, queue, message);
            }
            line.readAll(atOnce);
          }
        });
  }

  private static void oneByOne(Runner runner, int count) {
    for (int i = 0; i < count; i++) {
      runner.client().send(task());
    }
  }

  private static void many(Runner runner, int count) {
    List<TaskSignature> tasks = Collections.nCopies(AT_ONCE, task());
    for (int sent = 0; sent < count; sent += AT_ONCE) {
      runner.client().sendAll(tasks);
    }
  }

  private static TaskSignature task() {
    return TaskSignature.of("bench.nothing", PAYLOAD).on(QUEUE);
  }

  private static double bare(Map<String, List<Double>> rates, String name) {
    String bare = name.replaceFirst(".*?,", "bare loop,");
    return Sample.of(rates.getOrDefault(bare, List.of())).median();
  }

  private static double timed(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static Table table(Map<String, List<Double>> rates) {
    Table table =
        new Table("", "tasks", "× Celery with a result", "× Celery without", "of the bare loop");
    List<Double> medians = rates.values().stream().map(Sample::of).map(Sample::median).toList();
    rates.forEach(
        (name, all) -> {
          Sample sample = Sample.of(all);
          table.row(
              name,
              Figures.rate(sample),
              Figures.times(sample.median() / medians.get(0)),
              Figures.times(sample.median() / medians.get(1)),
              name.startsWith("Celery")
                  ? "-"
                  : Figures.percent(sample.median() / bare(rates, name)));
        });
    return table;
  }
}
