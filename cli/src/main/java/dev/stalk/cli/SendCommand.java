package dev.stalk.cli;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.ResultTimeoutException;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends a task, and may wait for its result. */
@Command(
    name = "send",
    description = {
      "Sends a task and prints its id, or with --wait its result as JSON.",
      "An argument that is JSON is sent as what it says, any other as text. Write -- before"
          + " arguments that look like options."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:sent; with --wait: the task has succeeded",
      "1:with --wait: the task failed, or gave no result in time",
      ExitCodes.USAGE_LINE,
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  stalk send samples.add 2 3 --queue java --wait",
      "  stalk send samples.echo '{\"month\": 10}' --queue java --countdown 5m",
      "  stalk send samples.echo --queue java --kwarg value=text --wait --json",
      "  stalk send --queue java -- samples.echo --verbose"
    })
final class SendCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "NAME", description = "The task's name.")
  private String task = "";

  @Parameters(index = "1..*", paramLabel = "ARG", description = "Its positional arguments.")
  private List<String> arguments = new ArrayList<>();

  @Option(
      names = "--kwarg",
      paramLabel = "KEY=VALUE",
      description = "A keyword argument; may be given many times.")
  private List<String> keywordArguments = new ArrayList<>();

  @Option(
      names = {"-q", "--queue"},
      paramLabel = "QUEUE",
      description = "The queue. Default: celery.")
  private @Nullable String queue;

  @Option(
      names = "--priority",
      paramLabel = "0-9",
      description = "The priority; 0, the default, is served first.")
  private @Nullable Integer priority;

  @Option(
      names = "--countdown",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      description = "Run it not before this time has passed: 5s, 10m, 1h.")
  private @Nullable Duration countdown;

  @Option(names = "--id", paramLabel = "ID", description = "The task's id. Default: a new one.")
  private @Nullable String id;

  @Option(
      names = "--serializer",
      paramLabel = "NAME",
      description = "What the arguments are written in: json (the default), yaml or msgpack.")
  private @Nullable String serializer;

  @Option(
      names = "--compression",
      paramLabel = "NAME",
      description =
          "How they are compressed: gzip, bzip2, lzma, brotli or zstd. Default: not at all.")
  private @Nullable String compression;

  @Mixin private final WaitOption wait = new WaitOption();

  @Option(names = "--ignore-result", description = "Have the worker store no result.")
  private boolean ignoreResult;

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
    Duration patience = wait.time();
    if (patience != null && ignoreResult) {
      throw new ParameterException(
          spec.commandLine(), "--wait and --ignore-result contradict each other");
    }
    ResultPrinter printer = ResultPrinter.of(spec.commandLine(), json, verbose);
    TaskSignature signature = signature();
    try (BrokerClient client = BrokerClient.connect(broker.config())) {
      AsyncResult sent = client.send(signature);
      return patience == null ? printId(sent.id()) : await(sent, patience, printer);
    }
  }

  private TaskSignature signature() {
    List<@Nullable Object> positional = new ArrayList<>();
    arguments.forEach(argument -> positional.add(Json.argument(argument)));
    SendOptions options =
        SendOptions.builder()
            .id(id)
            .queue(queue)
            .priority(priority)
            .countdown(countdown)
            .ignoreResult(ignoreResult ? true : null)
            .serializer(serializer)
            .compression(compression)
            .build();
    return new TaskSignature(task, positional, named(), options, false);
  }

  private Map<String, @Nullable Object> named() {
    Map<String, @Nullable Object> named = new LinkedHashMap<>();
    for (String argument : keywordArguments) {
      int equals = argument.indexOf('=');
      if (equals < 1) {
        throw new ParameterException(
            spec.commandLine(), "--kwarg needs KEY=VALUE, not '%s'".formatted(argument));
      }
      named.put(argument.substring(0, equals), Json.argument(argument.substring(equals + 1)));
    }
    return named;
  }

  private int printId(String sentId) {
    spec.commandLine().getOut().println(json ? Json.line(Map.of("id", sentId)) : sentId);
    return ExitCodes.OK;
  }

  private static int await(AsyncResult sent, Duration patience, ResultPrinter printer) {
    try {
      return printer.printValue(sent.await(patience));
    } catch (ResultTimeoutException e) {
      if (printer.json()) {
        printer.printValue(sent.result());
      }
      throw e;
    }
  }
}
