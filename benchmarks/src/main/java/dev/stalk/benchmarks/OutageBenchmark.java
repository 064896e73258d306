package dev.stalk.benchmarks;

import dev.stalk.benchmarks.Dependency.Manner;
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
import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A service that one queue's tasks call is away for a while: what does that cost those tasks, and
 * the queue beside them?
 */
final class OutageBenchmark implements Benchmark {
  private static final String CALLS = "calls";
  private static final String FAST = "fast";
  private static final Duration GAP = Duration.ofMillis(10);
  private static final int THREADS = 4;

  /** How often calls are sent, those that are due all at once. */
  private static final long TICK_MILLIS = 20;

  /** Opens at the fifth failure or soon after, then tries two calls a second. */
  private static final String BREAKER =
      "circuit-breaker: { sliding-window-size: 10, minimum-number-of-calls: 5,"
          + " wait-duration-in-open-state: 1s, permitted-number-of-calls-in-half-open-state: 2 }";

  @Override
  public String name() {
    return "outage";
  }

  @Override
  public String question() {
    return "What does it cost when a service that tasks call is away for a while?";
  }

  /**
   * What became of the calls of one run.
   *
   * @param start when they began, in seconds since 1970
   * @param back when the service had come back
   * @param answers when the service gave its answers
   * @param inVain how many calls it did not answer
   * @param failed how many tasks failed for good
   * @param unfinished how many had no result at the end
   * @param waits of the fast queue's tasks during the outage
   */
  private record Course(
      double start,
      double back,
      List<Double> answers,
      int inVain,
      int failed,
      int unfinished,
      Probe.Waits waits) {}

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Table table =
        new Table(
            "the service",
            "worker",
            "tasks",
            "calls in vain",
            "retries used",
            "failed for good",
            "unfinished",
            "return → first answer",
            "return → all done",
            "fast queue's wait in the outage, p50",
            "p99",
            "not begun");
    List<Subject> subjects = new ArrayList<>(runner.celery());
    subjects.add(Subjects.STALK);
    Map<Manner, Plot> plots = new LinkedHashMap<>();
    for (Manner manner : Manner.values()) {
      Plot plot = plot(manner);
      plots.put(manner, plot);
      for (Subject subject : subjects) {
        Course course = measure(runner, subject, manner);
        row(table, subject, manner, tasks(runner), course);
        plot.line(subject.name(), timeline(course));
      }
    }
    report.table(table);
    report.remark(
        "The service is away for %d s of %d. A call fails at once, or after 1 s without an answer;"
                .formatted(third(runner), 3 * third(runner))
            + " its task is retried after 1, 2 and 4 s, and fails for good after that. Stalk has a"
            + " circuit breaker for the queue of calls, and %d threads for each queue; Celery has %d"
                .formatted(THREADS, 2 * THREADS)
            + " processes or threads for both.");
    plots.forEach((manner, plot) -> report.plot(manner.name().toLowerCase(Locale.ROOT), plot));
  }

  private static Plot plot(Manner manner) {
    return new Plot(
        "A service that " + manner.words() + " in the second third of the time",
        "seconds",
        Scale.LINEAR,
        "calls answered a second",
        Scale.LINEAR);
  }

  private static int third(Runner runner) {
    return runner.pick(2, 12);
  }

  private static int tasks(Runner runner) {
    return runner.pick(300, 10_000);
  }

  private static Course measure(Runner runner, Subject subject, Manner manner) throws Exception {
    int third = third(runner);
    runner.line().call("FLUSHDB");
    Plan plan =
        Plan.of(CALLS, Work.CLOCK)
            .queues(List.of(CALLS, FAST))
            .bulkhead(THREADS, THREADS)
            .processes(2 * THREADS)
            .setting(CALLS, BREAKER);
    ExecutorService others = Executors.newFixedThreadPool(2);
    Running worker = runner.start(subject, plan);
    try (Dependency dependency = Dependency.open(manner)) {
      Probe probe = new Probe(runner.client(), Duration.ofSeconds(runner.pick(5, 20)));
      Probe.Waits warmUp = probe.measure(FAST, runner.pick(10, 200), GAP);
      runner.say("%s: p50 %s".formatted(subject.name(), Figures.time(warmUp.sample().median())));
      double start = Probe.seconds(Instant.now());
      CompletableFuture<List<AsyncResult>> calls =
          CompletableFuture.supplyAsync(() -> call(runner, dependency, 3L * third), others);
      TimeUnit.SECONDS.sleep(third);
      dependency.goDown();
      runner.say("the service is away, and " + manner.words());
      int probes = (int) (1000L * third / GAP.toMillis() * 2 / 3);
      CompletableFuture<Probe.Waits> waits =
          CompletableFuture.supplyAsync(() -> probe.measure(FAST, probes, GAP), others);
      TimeUnit.SECONDS.sleep(third);
      dependency.comeBack();
      runner.say("the service is back");
      double back = Probe.seconds(Instant.now());
      List<AsyncResult> sent = calls.get();
      int unfinished = awaitEnd(runner, sent);
      int failed = (int) sent.stream().filter(result -> result.state().isFailed()).count();
      return new Course(
          start, back, dependency.answers(), dependency.inVain(), failed, unfinished, waits.get());
    } finally {
      worker.close();
      others.shutdownNow();
    }
  }

  /** Sends all tasks, evenly over the time. */
  private static List<AsyncResult> call(Runner runner, Dependency dependency, long seconds) {
    TaskSignature task = TaskSignature.of("bench.call", dependency.port()).on(CALLS);
    int all = tasks(runner);
    List<AsyncResult> sent = new ArrayList<>();
    long start = System.nanoTime();
    while (sent.size() < all) {
      double share = (System.nanoTime() - start) / (seconds * 1e9);
      int due = (int) Math.min(all, Math.ceil(share * all));
      sent.addAll(runner.client().sendAll(Collections.nCopies(due - sent.size(), task)));
      try {
        TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
      } catch (InterruptedException e) {
        throw new IllegalStateException("nobody interrupts this thread", e);
      }
    }
    return sent;
  }

  /** How many have no result some time after the last was sent. */
  private static int awaitEnd(Runner runner, List<AsyncResult> sent) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(runner.pick(15, 60));
    while (isBusy(runner) && System.nanoTime() < end) {
      Thread.sleep(50);
    }
    List<AsyncResult> left = sent; // a task may run on when its message is acknowledged
    do {
      left = left.stream().filter(result -> !result.state().isReady()).toList();
      Thread.sleep(50);
    } while (!left.isEmpty() && System.nanoTime() < end);
    return left.size();
  }

  /** Whether messages wait, or are held by a worker. */
  private static boolean isBusy(Runner runner) {
    return runner.line().number("LLEN", CALLS) > 0 || runner.line().number("HLEN", "unacked") > 0;
  }

  private static void row(Table table, Subject subject, Manner manner, int tasks, Course course) {
    List<Double> afterwards =
        course.answers().stream().filter(answer -> answer > course.back()).sorted().toList();
    table.row(
        manner.words(),
        subject.name(),
        Integer.toString(tasks),
        Integer.toString(course.inVain()),
        Integer.toString(Math.max(0, course.inVain() - course.failed())),
        Integer.toString(course.failed()),
        Integer.toString(course.unfinished()),
        afterwards.isEmpty() ? "-" : Figures.time(afterwards.get(0) - course.back()),
        afterwards.isEmpty()
            ? "-"
            : Figures.time(afterwards.get(afterwards.size() - 1) - course.back()),
        Figures.time(course.waits().sample().median()),
        Figures.time(course.waits().sample().percentile(99)),
        Integer.toString(course.waits().missing()));
  }

  /** Answers a second, by half seconds. */
  private static List<double[]> timeline(Course course) {
    Map<Long, Integer> counts = new LinkedHashMap<>();
    long last = 0;
    for (double answer : course.answers()) {
      long bucket = (long) (2 * (answer - course.start()));
      counts.merge(bucket, 1, Integer::sum);
      last = Math.max(last, bucket);
    }
    List<double[]> points = new ArrayList<>();
    for (long bucket = 0; bucket <= last; bucket++) {
      points.add(new double[] {bucket / 2.0, 2 * counts.getOrDefault(bucket, 0)});
    }
    return points;
  }
}
