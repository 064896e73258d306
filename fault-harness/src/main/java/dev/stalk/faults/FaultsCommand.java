package dev.stalk.faults;

import dev.stalk.peers.PeerUnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The program. */
@Command(
    name = "stalk-faults",
    description = {
      "Runs workers under load on a real Redis, lets seeded random faults strike them, and checks"
          + " after every round that each task sent is done, queued, held, parked or quarantined.",
      "Everything it starts is on the loopback interface and ends with it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every promise held, or there was none to hold, as with Celery alone",
      "1:a promise was broken; the last lines say which, and the seed",
      "2:the command line is wrong",
      "69:Redis, Java or Python could not be started"
    })
public final class FaultsCommand implements Callable<Integer> {
  private static final int BROKEN = 1;
  private static final int UNAVAILABLE = 69;

  /** Which workers are put to the test. */
  enum Mode {
    STALK,
    MIXED,
    CELERY_EARLY,
    CELERY_LATE,
    COMPARE
  }

  @Option(
      names = "--mode",
      defaultValue = "mixed",
      description = {
        "stalk: Java workers alone. mixed: Java and Celery workers, with queues of their own and one"
            + " they share. celery-early, celery-late: Celery alone, which cannot fail but is"
            + " counted. compare: stalk, celery-early and celery-late one after the other.",
        "Default: ${DEFAULT-VALUE}"
      })
  private Mode mode = Mode.MIXED;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Decides faults and tasks. Default: ${DEFAULT-VALUE}")
  private long seed;

  @Option(
      names = "--faults",
      defaultValue = "200",
      description = "How many in all. Default: ${DEFAULT-VALUE}")
  private int faults;

  @Option(
      names = "--faults-per-round",
      paramLabel = "NUMBER",
      defaultValue = "50",
      description = "After how many the books are checked. Default: ${DEFAULT-VALUE}")
  private int perRound;

  @Option(
      names = "--pause",
      paramLabel = "MILLISECONDS",
      defaultValue = "250",
      description = "The mean pause between two faults. Default: ${DEFAULT-VALUE}")
  private long pause;

  @Option(
      names = "--keep-going",
      description = "Go on after a broken promise. By default its round is the last.")
  private boolean keepGoing;

  @Option(names = "--java", paramLabel = "NUMBER", description = "How many Java workers.")
  private @Nullable Integer java;

  @Option(names = "--python", paramLabel = "NUMBER", description = "How many Celery workers.")
  private @Nullable Integer python;

  @Option(
      names = "--redis",
      paramLabel = "PROGRAM",
      description = "The redis-server to run. By default the embedded one.")
  private @Nullable Path redis;

  @Option(
      names = "--redis-dir",
      paramLabel = "DIRECTORY",
      description = "Where Redis keeps its files; must be empty. By default a temporary one.")
  private @Nullable Path directory;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Also write the report there; as JSON if the name ends in .json.")
  private List<Path> reports = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  /** Runs the command and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** The whole command, ready to be executed once. */
  static CommandLine commandLine() {
    return new CommandLine(new FaultsCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Mode.class, FaultsCommand::mode)
        .setUsageHelpAutoWidth(true);
  }

  private static Mode mode(String text) {
    for (Mode mode : Mode.values()) {
      if (mode.name().equalsIgnoreCase(text.replace('-', '_'))) {
        return mode;
      }
    }
    throw new CommandLine.TypeConversionException(
        "'" + text + "' is none of stalk, mixed, celery-early, celery-late, compare");
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    List<Scenario> scenarios;
    try {
      scenarios = scenarios();
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
    List<Totals> totals = new ArrayList<>();
    try {
      for (Scenario scenario : scenarios) {
        totals.add(run(scenario, totals));
      }
    } catch (PeerUnavailableException e) {
      System.err.println(e.getMessage());
      return UNAVAILABLE;
    }
    System.out.println();
    System.out.print(new Report(totals).markdown());
    List<String> violations = totals.stream().flatMap(run -> run.violations().stream()).toList();
    violations.forEach(
        violation -> System.out.println("\nBROKEN (seed " + seed + "): " + violation));
    return violations.isEmpty() ? CommandLine.ExitCode.OK : BROKEN;
  }

  private List<Scenario> scenarios() {
    return switch (mode) {
      case STALK -> List.of(scenario("Stalk", 3, 0, true));
      case MIXED -> List.of(scenario("Stalk and Celery", 2, 1, true));
      case CELERY_EARLY -> List.of(scenario("Celery, acks early", 0, 3, false));
      case CELERY_LATE -> List.of(scenario("Celery, acks late", 0, 3, true));
      case COMPARE ->
          List.of(
              scenario("Stalk", 3, 0, true),
              scenario("Celery, acks early", 0, 3, false),
              scenario("Celery, acks late", 0, 3, true));
    };
  }

  private Scenario scenario(String name, int javaWorkers, int pythonWorkers, boolean late) {
    boolean noJava = javaWorkers == 0;
    boolean noPython = pythonWorkers == 0;
    return new Scenario(
        name,
        java == null || noJava ? javaWorkers : java,
        python == null || noPython ? pythonWorkers : python,
        late,
        seed,
        faults,
        perRound,
        Duration.ofMillis(pause),
        keepGoing,
        redis,
        directory);
  }

  private Totals run(Scenario scenario, List<Totals> before)
      throws IOException, InterruptedException {
    progress(scenario.name() + ": starting");
    try (Experiment experiment = new Experiment(scenario, FaultsCommand::progress)) {
      Thread hook = new Thread(experiment::close, "faults-at-exit"); // on SIGINT and SIGTERM
      Runtime.getRuntime().addShutdownHook(hook);
      Totals totals = experiment.run(soFar -> write(soFar, before));
      Runtime.getRuntime().removeShutdownHook(hook);
      return totals;
    }
  }

  /** After every round, so that a run which is broken off leaves what it had come to. */
  private void write(Totals soFar, List<Totals> before) {
    List<Totals> all = new ArrayList<>(before);
    all.add(soFar);
    Report report = new Report(all);
    reports.forEach(report::write);
  }

  private static void progress(String line) {
    System.out.println(
        LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS) + " " + line);
  }
}
