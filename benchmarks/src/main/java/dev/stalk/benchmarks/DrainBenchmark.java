package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subject;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.ArrayList;
import java.util.List;

/** Empties a full queue of tasks that do nothing. */
final class DrainBenchmark implements Benchmark {
  private static final int PAYLOAD = 10;
  private static final int THREADS = 8;

  /** The default bulkhead's, and one with which exchanges become as large as they can. */
  private static final List<Integer> BUFFERS = List.of(8, 248);

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public String question() {
    return "How many tasks a second leave a full queue, without results and with?";
  }

  @Override
  public void run(Runner runner, Report report) throws Exception {
    try (Stock stock = new Stock(runner)) {
      for (int buffer : runner.small() ? BUFFERS.subList(0, 1) : BUFFERS) {
        for (Work work : List.of(Work.NOTHING, Work.RESULT)) {
          measure(runner, stock, report, buffer, work);
        }
      }
    }
  }

  private static void measure(Runner runner, Stock stock, Report report, int buffer, Work work)
      throws Exception {
    List<Subject> subjects = new ArrayList<>(runner.celery());
    subjects.addAll(List.of(Subjects.BARE, Subjects.TRANSPORT, Subjects.STALK));
    Contest contest = new Contest(runner, stock);
    Plan plan = Plan.of("drain", work).bulkhead(THREADS, buffer);
    List<Contender> found =
        contest.hold(
            subjects, plan, contest.share(300, 6_000, 150_000), PAYLOAD, runner.redis().url());
    report.remark(
        "%s, %d places, messages of %d bytes:"
            .formatted(
                work == Work.NOTHING ? "**No result**" : "**Result stored and published**",
                THREADS + buffer,
                stock.messageBytes(Contest.find(found, Subjects.STALK).queues().get(0))));
    report.table(table(found));
  }

  private static Table table(List<Contender> found) {
    Table table =
        new Table(
            "",
            "tasks",
            "× " + found.get(0).subject().name(),
            "of the bare loop",
            "Redis commands a task",
            "tasks a round trip",
            "Redis CPU a task, µs",
            "worker CPU a task, µs",
            "allocated a task",
            "bytes to Redis and back, a task");
    double celery = found.get(0).rate();
    double bare = Contest.find(found, Subjects.BARE).rate();
    for (Contender each : found) {
      table.row(
          each.subject().name(),
          Figures.rate(each.rates()),
          Figures.times(each.rate() / celery),
          Figures.percent(each.rate() / bare),
          each.median(Drained::commandsPerTask),
          each.median(Drained::tasksPerScript),
          each.median(Drained::redisMicros),
          each.median(Drained::workerMicros),
          Figures.bytes(each.sample(Drained::allocatedPerTask).median()),
          each.median(drained -> drained.bytesToRedis() / drained.tasks())
              + ", "
              + each.median(drained -> drained.bytesFromRedis() / drained.tasks()));
    }
    return table;
  }
}
