package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Plot;
import dev.stalk.benchmarks.report.Plot.Scale;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subjects;
import dev.stalk.benchmarks.subject.Work;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
    Plot plot =
        new Plot(
            "Drain of a full queue",
            "tasks a round trip",
            Scale.LOGARITHMIC,
            "tasks a second",
            Scale.LOGARITHMIC);
    try (Stock stock = new Stock(runner)) {
      for (Work work : List.of(Work.NOTHING, Work.RESULT)) {
        measure(runner, stock, report, plot, work);
      }
    }
    report.remark(
        "The bare loop's own rate at the batch of another is read off the line between its"
            + " measured batches.");
    report.plot("rates", plot);
  }

  private static void measure(Runner runner, Stock stock, Report report, Plot plot, Work work)
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
    drains.draw(plot, work == Work.RESULT ? ", result" : "");
    drains.tell(report, work == Work.RESULT ? "results" : "drain");
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
      String name = "%s, %d".formatted(Subjects.TRANSPORT.name(), batch);
      entries.add(new Entry(name, Subjects.TRANSPORT, plan.batch(batch)));
    }
    entries.add(Entry.of(Subjects.STALK, plan));
    return entries;
  }

  /** What was measured with one kind of work. */
  private record Drains(List<Contender> all) {
    static String bare(int batch) {
      return "%s, %d".formatted(Subjects.BARE.name(), batch);
    }

    private Contender find(String name) {
      return Contest.find(all, name);
    }

    private BatchCurve curve() {
      Map<Double, Double> rates = new LinkedHashMap<>();
      for (Contender each : all) {
        if (each.entry().subject().equals(Subjects.BARE)) {
          rates.put(each.sample(Drained::tasksPerScript).median(), each.rate());
        }
      }
      return new BatchCurve(rates);
    }

    private String ofBare(Contender each) {
      double batch = each.sample(Drained::tasksPerScript).median();
      return Double.isNaN(batch) ? "-" : Figures.percent(each.rate() / curve().rate(batch));
    }

    private String ofBare(Contender each, int batch) {
      return Figures.percent(each.rate() / find(bare(batch)).rate());
    }

    private String commands(Contender each) {
      return each.median(Drained::commandsPerTask);
    }

    private String timesCelery(Contender each) {
      return Figures.times(each.rate() / all.get(0).rate());
    }

    Table table() {
      Table table =
          new Table(
              "",
              "tasks",
              "× " + all.get(0).name(),
              "tasks a round trip",
              "of the bare loop with as many",
              "of the bare loop with 16",
              "with 256",
              "Redis commands a task",
              "Redis CPU a task, µs",
              "worker CPU a task, µs",
              "allocated a task",
              "bytes to Redis and back, a task");
      for (Contender each : all) {
        table.row(
            each.name(),
            Figures.rate(each.rates()),
            timesCelery(each),
            each.median(Drained::tasksPerScript),
            ofBare(each),
            ofBare(each, 16),
            ofBare(each, 256),
            commands(each),
            each.median(Drained::redisMicros),
            each.median(Drained::workerMicros),
            Figures.bytes(each.sample(Drained::allocatedPerTask).median()),
            each.median(drained -> drained.bytesToRedis() / drained.tasks())
                + ", "
                + each.median(drained -> drained.bytesFromRedis() / drained.tasks()));
      }
      return table;
    }

    void draw(Plot plot, String suffix) {
      Map<String, List<double[]>> lines = new LinkedHashMap<>();
      for (Contender each : all) {
        double batch = each.sample(Drained::tasksPerScript).median();
        String name = each.entry().subject().name() + suffix;
        lines
            .computeIfAbsent(name, key -> new ArrayList<>())
            .add(new double[] {Double.isNaN(batch) ? 1 : batch, each.rate()});
      }
      lines.forEach(plot::line);
    }

    void tell(Report report, String prefix) {
      Contender stalk = find(Subjects.STALK.name());
      report.figure(prefix + "-rate", Figures.rate(stalk.rate()));
      report.figure(prefix + "-celery", timesCelery(stalk));
      report.figure(prefix + "-bare", ofBare(stalk));
      report.figure(prefix + "-commands", commands(stalk));
    }
  }
}
