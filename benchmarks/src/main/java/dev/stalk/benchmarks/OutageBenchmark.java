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
import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A service that one queue's tasks call stops answering for a while: what does that cost those
 * tasks, and the queue beside them?
 */
final class OutageBenchmark implements Benchmark {
  private static final String CALLS = "calls";
  private static final String FAST = "fast";
  private static final Duration GAP = Duration.ofMillis(10);

  /** Of calls, in milliseconds: sixty a second keep four threads busy for a third of the time. */
  private static final long CALL_EVERY = 16;

  private static final int THREADS = 4;

  @Override
  public String name() {
    return "outage";
  }

  @Override
  public String question() {
    return "What does it cost when a service that tasks call stops answering for a while?";
  }

  /**
   * What became of the calls of one run.
   *
   * @param start when they began, in seconds since 1970
   * @param back when the service had come back
   * @param answers when the service gave its answers
   * @param failed how many tasks failed
   * @param unfinished how many had no result at the end
   * @param waits of the fast queue's tasks during the outage
   */
  private record Course(
      double start,
      double back,
      List<Double> answers,
      int failed,
      int unfinished,
      Probe.Waits waits) {}

  @Override
  public void run(Runner runner, Report report) throws Exception {
    Table table =
        new Table(
            "worker",
            "calls answered",
            "failed",
            "unfinished",
            "return → first answer",
            "return → all done",
            "fast queue's wait in the outage, p50",
            "p99",
            "not begun");
    Plot plot =
        new Plot(
            "A service is away from one third to two thirds of the time",
            "seconds",
            Scale.LINEAR,
            "calls answered a second",
            Scale.LINEAR);
    List<Subject> subjects = new ArrayList<>(runner.celery());
    subjects.add(Subjects.STALK);
    for (Subject subject : subjects) {
      Course course = measure(runner, subject);
      row(table, subject, course);
      plot.line(subject.name(), timeline(course));
    }
    report.table(table);
    report.remark(
        "A call that is not answered fails after 1 s; nothing is retried. Stalk has %d threads for"
                .formatted(THREADS)
            + " each queue, Celery %d processes or threads for both.".formatted(2 * THREADS));
    report.plot("answers", plot);
  }

  private static Course measure(Runner runner, Subject subject) throws Exception {
    long third = runner.pick(1, 15);
    runner.line().call("FLUSHDB");
    Plan plan =
        Plan.of(CALLS, Work.CLOCK)
            .queues(List.of(CALLS, FAST))
            .bulkhead(THREADS, THREADS)
            .processes(2 * THREADS);
    ExecutorService others = Executors.newFixedThreadPool(2);
    Running worker = runner.start(subject, plan);
    try (Dependency dependency = Dependency.open()) {
      Probe probe = new Probe(runner.client(), Duration.ofSeconds(runner.pick(1, 20)));
      Probe.Waits warmUp = probe.measure(FAST, runner.pick(10, 200), GAP);
      runner.say("%s: p50 %s".formatted(subject.name(), Figures.time(warmUp.sample().median())));
      double start = Probe.seconds(Instant.now());
      CompletableFuture<List<AsyncResult>> calls =
          CompletableFuture.supplyAsync(() -> call(runner, dependency, 3 * third), others);
      TimeUnit.SECONDS.sleep(third);
      dependency.goDown();
      runner.say("the service is away");
      int probes = (int) (1000 * third / GAP.toMillis() * 2 / 3);
      CompletableFuture<Probe.Waits> waits =
          CompletableFuture.supplyAsync(() -> probe.measure(FAST, probes, GAP), others);
      TimeUnit.SECONDS.sleep(third);
      dependency.comeBack();
      runner.say("the service is back");
      double back = Probe.seconds(Instant.now());
      List<AsyncResult> sent = calls.get();
      int unfinished = awaitEnd(runner, sent);
      int failed = (int) sent.stream().filter(OutageBenchmark::hasFailed).count();
      return new Course(start, back, dependency.answers(), failed, unfinished, waits.get());
    } finally {
      worker.close();
      others.shutdownNow();
    }
  }

  private static List<AsyncResult> call(Runner runner, Dependency dependency, long seconds) {
    TaskSignature task = TaskSignature.of("bench.call", dependency.port()).on(CALLS);
    List<AsyncResult> sent = new ArrayList<>();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < end) {
      sent.add(runner.client().send(task));
      try {
        TimeUnit.MILLISECONDS.sleep(CALL_EVERY);
      } catch (InterruptedException e) {
        throw new IllegalStateException("nobody interrupts this thread", e);
      }
    }
    return sent;
  }

  private static boolean hasFailed(AsyncResult result) {
    return result.state().isFailed();
  }

  /** How many have no result some time after the last was sent. */
  private static int awaitEnd(Runner runner, List<AsyncResult> sent) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(runner.pick(3, 60));
    List<AsyncResult> left = sent;
    while (!left.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(50);
      left = left.stream().filter(result -> result.state().equals(TaskState.PENDING)).toList();
    }
    return left.size();
  }

  private static void row(Table table, Subject subject, Course course) {
    List<Double> afterwards =
        course.answers().stream().filter(answer -> answer > course.back()).sorted().toList();
    table.row(
        subject.name(),
        Integer.toString(course.answers().size()),
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
