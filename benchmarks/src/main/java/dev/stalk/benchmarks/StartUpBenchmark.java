package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Sample;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.ProcessUsage;
import dev.stalk.benchmarks.subject.Running;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.message.TaskSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Starts the {@code stalk} command and Celery, again and again, with a task waiting for them. What
 * counts is when that task is done, as a worker that says it is ready may not be.
 */
final class StartUpBenchmark implements Benchmark {
  private static final String QUEUE = "start";
  private static final String JAVA_TASK = "samples.now";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** As the launcher starts a worker. */
  private static final List<String> SMALL_HEAP =
      List.of("-XX:+UseSerialGC", "-Xms24m", "-Xmn16m", "-Xss512k");

  /** Java warns of classes it does not archive, a line each. */
  private static final List<String> QUIET_SHARING =
      List.of("-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off");

  private static final String BARE = "bare loop";
  private static final String JAR = "`java -jar stalk.jar worker`";

  @Override
  public String name() {
    return "startup";
  }

  @Override
  public String question() {
    return "How soon after its start does a worker work, and how much memory does it take?";
  }

  /**
   * What to start; it is to work on the queue of this benchmark.
   *
   * @param task one that it knows, without arguments
   */
  private record Candidate(String task, Launch launch) {}

  /** Starts a process and does not wait for it. */
  private interface Launch {
    Started start() throws IOException;
  }

  /**
   * A process that was started.
   *
   * @param stop kills it
   */
  private record Started(long pid, Runnable stop) {}

  /** What was measured of one kind of worker. */
  private record Found(
      List<Double> seconds,
      List<Double> idleBytes,
      List<Double> idleResident,
      List<Double> busyBytes) {
    Found() {
      this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
  }

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Map<String, Candidate> candidates = candidates(runner);
    Map<String, Found> found = new LinkedHashMap<>();
    for (int run = 0; run < runner.runs(); run++) {
      for (Map.Entry<String, Candidate> each : candidates.entrySet()) {
        measure(runner, each.getValue(), found.computeIfAbsent(each.getKey(), name -> new Found()));
      }
    }
    Table table =
        new Table(
            "",
            "start → first task done",
            "by that of " + found.keySet().iterator().next(),
            "of the bare loop",
            "memory, idle",
            "memory, after a drain",
            "resident, idle");
    double celery = Sample.of(found.values().iterator().next().seconds()).median();
    double bare = Sample.of(found.getOrDefault(BARE, new Found()).seconds()).median();
    found.forEach(
        (name, figures) -> {
          Sample seconds = Sample.of(figures.seconds());
          table.row(
              name,
              Figures.time(seconds),
              Figures.times(seconds.median() / celery),
              Figures.times(seconds.median() / bare),
              Figures.bytes(Sample.of(figures.idleBytes()).median()),
              Figures.bytes(Sample.of(figures.busyBytes()).median()),
              Figures.bytes(Sample.of(figures.idleResident()).median()));
        });
    report.table(table);
    report.remark(
        "Memory is that of all processes of a worker, in their proportion where they share it;"
            + " resident counts what is shared for each. Small heap: `%s`. The class archive is the one"
                .formatted(String.join(" ", SMALL_HEAP))
            + " that `./stalk` has written when it builds.");
    Found jar = found.getOrDefault(JAR, new Found());
    report.figure("ready", Figures.time(Sample.of(jar.seconds()).median()));
    report.figure("resident", Figures.bytes(Sample.of(jar.idleResident()).median()));
  }

  private static Map<String, Candidate> candidates(Runner runner) throws IOException {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    for (Subject subject : runner.celery()) {
      candidates.put(
          subject.name() + ", 8 at a time",
          new Candidate("bench.clock", () -> celery(runner, subject)));
    }
    Path archive = runner.directory().resolve("stalk.jsa");
    Path config = configuration(runner);
    candidates.put(BARE, new Candidate("bench.clock", () -> bare(runner)));
    candidates.put(JAR, stalk(runner, config, List.of()));
    candidates.put("the same, small heap", stalk(runner, config, SMALL_HEAP));
    if (!runner.small()) {
      dump(runner, config, archive);
      List<String> shared = new ArrayList<>(SMALL_HEAP);
      shared.addAll(QUIET_SHARING);
      shared.add("-XX:SharedArchiveFile=" + archive);
      candidates.put("`./stalk worker`: small heap, class archive", stalk(runner, config, shared));
    }
    return candidates;
  }

  private static Path configuration(Runner runner) throws IOException {
    return Files.writeString(
        runner.directory().resolve("worker.yaml"),
        """
        broker: { url: "%s" }
        queues: { %s: {} }
        tasks: [dev.stalk.samples.SampleTasks]
        """
            .formatted(runner.redis().url(), QUEUE));
  }

  private static Started celery(Runner runner, Subject subject) {
    Running worker = runner.start(subject, Plan.of(QUEUE, Work.CLOCK).processes(8));
    return new Started(worker.pid(), worker::close);
  }

  private static Started bare(Runner runner) {
    Running loop = runner.start(Subjects.BARE, Plan.of(QUEUE, Work.CLOCK));
    return new Started(loop.pid(), loop::close);
  }

  private static Candidate stalk(Runner runner, Path config, List<String> options) {
    return new Candidate(
        JAVA_TASK,
        () -> {
          Process process = launch(runner, config, options);
          return new Started(process.pid(), () -> process.destroyForcibly().onExit().join());
        });
  }

  private static Process launch(Runner runner, Path config, List<String> options)
      throws IOException {
    if (!Files.exists(runner.settings().jar())) {
      throw new IOException("there is no " + runner.settings().jar() + "; ./bench builds it");
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-jar", runner.settings().jar().toString()));
    command.addAll(List.of("worker", "--config", config.toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("STALK_LOG", "OFF");
    Process process = builder.redirectErrorStream(true).inheritIO().start();
    runner.closed(() -> process.destroyForcibly().onExit().join());
    return process;
  }

  /** Has a worker write down the classes it used; what needs them later finds them mapped. */
  private static void dump(Runner runner, Path config, Path archive) throws IOException {
    AsyncResult first = send(runner, JAVA_TASK);
    List<String> options = new ArrayList<>(SMALL_HEAP);
    options.addAll(QUIET_SHARING);
    options.add("-XX:ArchiveClassesAtExit=" + archive);
    Process process = launch(runner, config, options);
    first.await(PATIENCE);
    process.destroy();
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("the worker that was to write a class archive does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a class archive was written", e);
    }
  }

  private static void measure(Runner runner, Candidate candidate, Found found) throws Exception {
    runner.line().call("FLUSHDB");
    AsyncResult first = send(runner, candidate.task());
    long start = System.nanoTime();
    Started started = candidate.launch().start();
    first.await(PATIENCE);
    found.seconds().add((System.nanoTime() - start) / 1e9);
    Thread.sleep(runner.pick(200, 3000));
    found.idleBytes().add(ProcessUsage.proportionalBytes(started.pid()));
    found.idleResident().add(ProcessUsage.ofTree(started.pid()).residentBytes());
    load(runner, candidate.task());
    found.busyBytes().add(ProcessUsage.proportionalBytes(started.pid()));
    started.stop().run();
  }

  private static AsyncResult send(Runner runner, String task) {
    return runner.client().send(TaskSignature.of(task).on(QUEUE));
  }

  private static void load(Runner runner, String task) throws InterruptedException {
    int count = runner.pick(100, 5_000);
    TaskSignature signature = TaskSignature.of(task).ignoringResult().on(QUEUE);
    runner.client().sendAll(Collections.nCopies(count, signature));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (runner.line().number("EXISTS", QUEUE, "unacked") > 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("the load was not done within " + PATIENCE);
      }
      Thread.sleep(5);
    }
  }
}
