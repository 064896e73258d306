package dev.stalk.cli;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.ResultTimeoutException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows a task's state and result. */
@Command(
    name = "result",
    description = {
      "Prints the state of a task, and its result as JSON or its failure.",
      "PENDING says that nothing is stored: the task is unknown, waits, runs, or its result has"
          + " expired."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:the task has succeeded, or not ended yet",
      "1:the task failed; with --wait: it gave no result in time",
      ExitCodes.USAGE_LINE,
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class ResultCommand implements Callable<Integer> {

  @Parameters(paramLabel = "ID", description = "The task's id.")
  private String id = "";

  @Mixin private final WaitOption wait = new WaitOption();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Show the traceback of a task that failed.")
  private boolean verbose;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    ResultPrinter printer = ResultPrinter.of(spec.commandLine(), json, verbose);
    Duration patience = wait.time();
    try (BrokerClient client = BrokerClient.connect(broker.config())) {
      AsyncResult result = client.result(id);
      return patience == null
          ? printer.printState(result.result())
          : await(result, patience, printer);
    }
  }

  private static int await(AsyncResult result, Duration patience, ResultPrinter printer) {
    try {
      return printer.printState(result.await(patience));
    } catch (ResultTimeoutException e) {
      printer.printState(result.result());
      throw e;
    }
  }
}
