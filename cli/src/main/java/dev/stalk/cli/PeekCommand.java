package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.WaitingMessage;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks at waiting messages. */
@Command(
    name = "peek",
    description = {
      "Shows the messages that wait in a queue, those served first in front, and takes none away."
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
final class PeekCommand implements Callable<Integer> {
  private static final int WIDE = 60;

  @Parameters(paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      description = "How many at most, 1 to 1000; 10 if not said otherwise.")
  private int limit = 10;

  @Option(names = "--offset", paramLabel = "N", description = "How many to pass over; 0.")
  private long offset;

  @Option(names = "--json", description = "Print a JSON array with an object for each message.")
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
    List<WaitingMessage> messages;
    try (BrokerClient client = BrokerClient.connect(broker.config())) {
      messages = client.queues().peek(queue, offset, limit);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Printable.of(Json.line(messages.stream().map(PeekCommand::object).toList())));
    } else if (messages.isEmpty()) {
      spec.commandLine().getErr().printf("no message waits in %s%n", Printable.of(queue));
    } else {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("task", "priority", "id", "arguments"));
      messages.forEach(message -> rows.add(row(message)));
      Table.print(rows, out);
    }
    return ExitCodes.OK;
  }

  private static List<String> row(WaitingMessage message) {
    String priority = Integer.toString(message.priority());
    try {
      TaskHeaders headers = message.decode().headers();
      return List.of(
          Printable.of(headers.task(), WIDE),
          priority,
          Printable.of(headers.id(), WIDE),
          Printable.of(headers.argsRepr() + " " + headers.kwargsRepr(), WIDE));
    } catch (MalformedMessageException e) {
      return List.of("-", priority, "-", Printable.of(String.valueOf(e.getMessage()), WIDE));
    }
  }

  private static Map<String, Object> object(WaitingMessage message) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("priority", message.priority());
    object.put("size", message.raw().length);
    try {
      TaskMessage task = message.decode();
      object.put("task", task.headers().task());
      object.put("id", task.headers().id());
      object.put("args", task.body().args());
      object.put("kwargs", task.body().kwargs());
    } catch (MalformedMessageException e) {
      object.put("problem", String.valueOf(e.getMessage()));
    }
    return object;
  }
}
