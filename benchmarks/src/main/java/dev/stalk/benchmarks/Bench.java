package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Machine;
import dev.stalk.benchmarks.report.Pages;
import dev.stalk.benchmarks.report.Report;
import dev.stalk.benchmarks.subject.Subjects;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ./bench}: runs benchmarks by name. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures Stalk, the newest Celery and a bare loop on a Redis of their own.",
    exitCodeListHeading = "%nIt ends with:%n",
    exitCodeList = {
      "0:everything was measured",
      "1:something that must hold did not, or could not be measured",
      "2:the command line is wrong"
    },
    footerHeading = "%nExamples:%n",
    footer = {"  ./bench list", "  ./bench drain --runs 5", "  ./bench all --small"})
final class Bench implements Callable<Integer> {
  static final List<Benchmark> ALL =
      List.of(
          new DrainBenchmark(),
          new SendBenchmark(),
          new LatencyBenchmark(),
          new MixedBenchmark(),
          new QueuesBenchmark(),
          new PayloadBenchmark(),
          new RoundTripBenchmark(),
          new StartUpBenchmark(),
          new SoakBenchmark(),
          new IsolationBenchmark(),
          new OutageBenchmark(),
          new PiecesBenchmark());

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "NAME",
      description = "What to measure; 'all' for everything, 'list' to see the names.")
  private List<String> names = new ArrayList<>();

  @Option(names = "--small", description = "Only show that it works: few tasks, one run.")
  private boolean small;

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = "How often each measurement is repeated (default: 5; with --small: 1).")
  private @Nullable Integer runs;

  @Option(
      names = "--redis",
      paramLabel = "PROGRAM",
      description = "The redis-server to use (default: the embedded one).")
  private @Nullable Path redis;

  @Option(
      names = "--write",
      paramLabel = "DIRECTORY",
      description = "Writes tables and plots into the pages of this directory.")
  private @Nullable Path pages;

  private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
  private final long start = System.nanoTime();

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Bench()).execute(arguments));
  }

  @Override
  public Integer call() throws Exception {
    if (names.contains("list")) {
      ALL.forEach(each -> out.printf("%-10s %s%n", each.name(), each.question()));
      return 0;
    }
    Set<Benchmark> chosen = chosen();
    int repeated = runs == null ? small ? 1 : 5 : runs;
    Path jar = Path.of(System.getProperty("stalk.jar", "cli/target/stalk.jar"));
    Settings settings = new Settings(small, repeated, redis, jar);
    String machine = Machine.describe() + ", " + Subjects.celeryVersion();
    out.println(machine);
    boolean failed = false;
    for (Benchmark benchmark : chosen) {
      out.printf("%n## %s%n%s%n%n", benchmark.name(), benchmark.question());
      Report report = new Report(benchmark.name());
      try (Runner runner = new Runner(settings, this::say)) {
        benchmark.run(runner, report);
      }
      out.println(report.render());
      if (pages != null) {
        report.remark("Measured by `./bench %s`: %s.".formatted(benchmark.name(), machine));
        new Pages(pages).write(benchmark.name(), report);
      }
      for (String failure : report.failures()) {
        say(benchmark.name() + " FAILED: " + failure);
        failed = true;
      }
    }
    return failed ? 1 : 0;
  }

  private Set<Benchmark> chosen() {
    Set<Benchmark> chosen = new LinkedHashSet<>();
    for (String name : names) {
      List<Benchmark> found =
          ALL.stream().filter(each -> name.equals("all") || each.name().equals(name)).toList();
      if (found.isEmpty()) {
        throw new ParameterException(
            spec.commandLine(), "there is no benchmark %s; see ./bench list".formatted(name));
      }
      chosen.addAll(found);
    }
    return chosen;
  }

  private void say(String text) {
    System.err.printf(Locale.ROOT, "%6.1f s  %s%n", (System.nanoTime() - start) / 1e9, text);
  }
}
