package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QuarantineEntry;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists what is in quarantine. */
@Command(
    name = "list",
    description = {
      "Lists a queue's messages in quarantine, oldest first.",
      "Without a queue: every queue that has some, and how many."
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
final class QuarantineListCommand implements Callable<Integer> {
  private static final int WIDE = 60;

  @Parameters(arity = "0..1", paramLabel = "QUEUE", description = "The queue.")
  private @Nullable String queue;

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      description = "How many at most, 1 to 1000; 50 if not said otherwise.")
  private int limit = 50;

  @Option(names = "--offset", paramLabel = "N", description = "How many to pass over; 0.")
  private long offset;

  @Option(names = "--json", description = "Print a JSON array.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    if (limit < 1 || limit > 1000 || offset < 0) {
      throw new ParameterException(
          spec.commandLine(), "--limit is 1 to 1000, and --offset is not negative");
    }
    try (BrokerClient client = BrokerClient.connect(broker.config())) {
      if (queue == null) {
        print(client.quarantine().queues());
      } else {
        print(queue, client.quarantine());
      }
    }
    return ExitCodes.OK;
  }

  private void print(SortedMap<String, Long> counts) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      List<Map<String, Object>> objects = new ArrayList<>();
      counts.forEach((name, count) -> objects.add(object(name, count)));
      out.println(Printable.of(Json.line(objects)));
    } else if (counts.isEmpty()) {
      spec.commandLine().getErr().println("nothing is in quarantine at this broker");
    } else {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("queue", "in quarantine"));
      counts.forEach((name, count) -> rows.add(List.of(Printable.of(name), count.toString())));
      Table.print(rows, out);
    }
  }

  private static Map<String, Object> object(String queue, Long count) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("queue", queue);
    object.put("count", count);
    return object;
  }

  private void print(String name, Quarantine quarantine) {
    List<QuarantineEntry> entries = quarantine.list(name, offset, limit);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    if (json) {
      out.println(Printable.of(Json.line(entries.stream().map(QuarantineLines::object).toList())));
      return;
    }
    if (entries.isEmpty()) {
      err.printf("nothing is in the quarantine of %s%n", Printable.of(name));
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("id", "since", "deliveries", "bytes", "task", "reason"));
    for (QuarantineEntry entry : entries) {
      rows.add(
          List.of(
              entry.id(),
              QuarantineLines.since(entry),
              Long.toString(entry.deliveries()),
              Long.toString(entry.size()),
              entry.task() == null ? "-" : Printable.of(entry.task(), WIDE),
              Printable.of(entry.reason(), WIDE)));
    }
    Table.print(rows, out);
    long more = quarantine.count(name) - offset - entries.size();
    if (more > 0) {
      err.printf("and %d more: --offset %d shows them%n", more, offset + entries.size());
    }
  }
}
