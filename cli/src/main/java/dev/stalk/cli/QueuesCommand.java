package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisQueues;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows how many messages wait. */
@Command(
    name = "queues",
    description = {
      "Prints how many messages wait in each queue, in all and per priority step.",
      "Messages that a worker holds, or that wait for their time, are not counted. Without names:"
          + " the queues of --config, else every queue that a client or worker has declared."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      ExitCodes.OK_LINE,
      "1:the broker answered with an error",
      ExitCodes.USAGE_LINE,
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class QueuesCommand implements Callable<Integer> {

  @Parameters(arity = "0..*", paramLabel = "QUEUE", description = "The queues to look at.")
  private List<String> names = new ArrayList<>();

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "A worker's YAML file, for its broker and its queues.")
  private @Nullable Path file;

  @Option(names = "--json", description = "Print a JSON array with an object for each queue.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  /** A queue's waiting messages per priority step. */
  private record Length(String queue, Map<Integer, Long> steps) {
    long total() {
      return steps.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  @Override
  public Integer call() {
    WorkerConfig worker = file == null ? null : WorkerYaml.load(file);
    BrokerConfig config = worker == null ? broker.config() : broker.overlay(worker.broker());
    List<Length> lengths = new ArrayList<>();
    try (BrokerClient client = BrokerClient.connect(config)) {
      for (String queue : queues(worker, config)) {
        lengths.add(new Length(queue, client.queueLengths(queue)));
      }
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.line(lengths.stream().map(QueuesCommand::object).toList()));
    } else if (lengths.isEmpty()) {
      spec.commandLine().getErr().println("no queue has been declared at this broker");
    } else {
      print(lengths, out);
    }
    return ExitCodes.OK;
  }

  private Collection<String> queues(@Nullable WorkerConfig worker, BrokerConfig config) {
    if (!names.isEmpty()) {
      return names;
    }
    return worker == null
        ? RedisQueues.discover(BrokerOptions.redis(config))
        : worker.queues().entrySet().stream()
            .flatMap(entry -> entry.getValue().queuesOf(entry.getKey()).stream())
            .toList();
  }

  private static Map<String, Object> object(Length length) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("queue", length.queue());
    object.put("total", length.total());
    object.put("priorities", length.steps());
    return object;
  }

  private static void print(List<Length> lengths, PrintWriter out) {
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("queue", "total"));
    lengths.get(0).steps().keySet().forEach(step -> head.add("priority " + step));
    rows.add(head);
    for (Length length : lengths) {
      List<String> row = new ArrayList<>(List.of(length.queue(), Long.toString(length.total())));
      length.steps().values().forEach(count -> row.add(count.toString()));
      rows.add(row);
    }
    Table.print(rows, out);
  }
}
