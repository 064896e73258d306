package dev.stalk.benchmarks;

import dev.stalk.benchmarks.pieces.MessagePieces;
import dev.stalk.benchmarks.report.Figures;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The pieces of a message's way, by JMH, which repeats them itself: always as often. */
final class PiecesBenchmark implements Benchmark {
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  @Override
  public String name() {
    return "pieces";
  }

  @Override
  public String question() {
    return "What does each piece of a message's way take, and allocate?";
  }

  @Override
  public void run(Runner runner, Report report) throws Exception {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(MessagePieces.class.getPackageName() + ".*")
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.NANOSECONDS)
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .warmupIterations(runner.pick(0, 2))
            .measurementIterations(runner.pick(1, 3))
            .warmupTime(TimeValue.milliseconds(runner.pick(20, 700)))
            .measurementTime(TimeValue.milliseconds(runner.pick(20, 700)))
            .forks(runner.pick(0, 2));
    if (runner.small()) {
      options.param("payload", "10").param("batch", "16");
    }
    List<RunResult> results =
        new ArrayList<>(new org.openjdk.jmh.runner.Runner(options.build()).run());
    Table table = new Table("piece", "of", "time", "± of 99.9 %", "allocated");
    for (RunResult result : results) {
      row(table, result);
    }
    report.table(table);
    report.remark(
        "Neither Celery nor the bare loop has pieces that could be called alone; what they take for"
            + " a whole task stands under drain.");
  }

  private static void row(Table table, RunResult result) {
    BenchmarkParams params = result.getParams();
    String name = params.getBenchmark().replaceAll(".*\\.(\\w+)Pieces\\.", "$1.");
    List<String> of = new ArrayList<>();
    for (String key : params.getParamsKeys()) {
      of.add(key + " " + params.getParam(key));
    }
    Result<?> time = result.getPrimaryResult();
    Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
    table.row(
        name,
        String.join(", ", of),
        Figures.time(time.getScore() / 1e9),
        Figures.time(time.getScoreError() / 1e9),
        Figures.bytes(allocated == null ? Double.NaN : allocated.getScore()));
  }
}
