package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.List;

/** Empties a full queue of tasks that do nothing. */
final class DrainBenchmark implements Benchmark {
  private static final int PAYLOAD = 10;

  /** The default queue's places, the largest exchange there is, and one between. */
  private static final List<Integer> BATCHES = List.of(Plan.DEFAULT_PLACES, 64, 256);

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
      for (Work work : List.of(Work.NOTHING, Work.RESULT)) {
        measure(runner, stock, report, work);
      }
    }
    report.remark(
        "The bare loop's own rate at the batch of another is read off the line between its"
            + " measured batches.");
  }

  private static void measure(Runner runner, Stock stock, Report report, Work work)
      throws Exception {
    Contest contest = new Contest(runner, stock);
    List<Contender> found =
        contest.hold(
            entries(runner, Plan.of("drain", work)),
            contest.share(300, 4_000, 150_000),
            PAYLOAD,
            runner.redis().url());
    report.remark(
        "**%s**, messages of %d bytes:"
            .formatted(words(work), stock.messageBytes(found.get(0).queues().get(0))));
    Drains drains = new Drains(found);
    report.table(drains.table());
    String slug = work == Work.RESULT ? "results" : "drain";
    report.plot(slug, drains.plot(words(work)));
    drains.tell(report, slug);
  }

  private static String words(Work work) {
    return work == Work.RESULT ? "Result stored and published" : "No result";
  }

  private static List<Entry> entries(Runner runner, Plan plan) {
    List<Entry> entries = Entry.all(runner.celery(), plan);
    List<Integer> batches = runner.small() ? List.of(16, 256) : BATCHES;
    for (int batch : batches) {
      entries.add(new Entry(Drains.bare(batch), Subjects.BARE, plan.batch(batch)));
    }
    for (int batch : runner.small() ? batches.subList(0, 1) : List.of(16, 256)) {
      String transport = "%s, %d".formatted(Subjects.TRANSPORT.name(), batch);
      entries.add(new Entry(transport, Subjects.TRANSPORT, plan.batch(batch)));
    }
    entries.add(Entry.of(Subjects.STALK, plan));
    String name = Subjects.STALK.name() + ", no read-ahead";
    entries.add(new Entry(name, Subjects.STALK, plan.defaults("read-ahead: 0")));
    return entries;
  }
}
