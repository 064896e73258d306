package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QuarantineEntry;
import dev.stalk.broker.transport.QuarantinedMessage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.LinkedHashMap;
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

/** Shows one message in quarantine. */
@Command(
    name = "show",
    description = {
      "Shows a message in quarantine, and says whether it can be replayed.",
      "Whatever a terminal would not just print is escaped; --output saves the bytes as they are."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      ExitCodes.OK_LINE,
      "1:there is no such message, or the broker answered with an error",
      ExitCodes.USAGE_LINE,
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class QuarantineShowCommand implements Callable<Integer> {
  private static final int SHOWN = 4000;
  private static final int INDEX_DIGITS = 9;

  @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Parameters(
      index = "1",
      paramLabel = "ID",
      description = "The message's id, or its place in the list: 0 is the oldest.")
  private String id = "";

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Save the message's bytes as a new file.")
  private @Nullable Path output;

  @Option(names = "--json", description = "Print one JSON object, with the bytes in base64.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    QuarantinedMessage found;
    try (BrokerClient client = BrokerClient.connect(broker.config())) {
      found = find(client.quarantine());
    }
    if (found == null) {
      spec.commandLine()
          .getErr()
          .printf(
              "stalk: %s is not in the quarantine of %s%n", Printable.of(id), Printable.of(queue));
      return ExitCodes.FAILED;
    }
    save(found);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Printable.of(Json.line(object(found))));
    } else {
      print(found, out);
    }
    return ExitCodes.OK;
  }

  private @Nullable QuarantinedMessage find(Quarantine quarantine) {
    return id.matches("[0-9]{1," + INDEX_DIGITS + "}")
        ? quarantine.at(queue, Long.parseLong(id))
        : quarantine.find(queue, id);
  }

  private void save(QuarantinedMessage found) {
    if (output == null) {
      return;
    }
    try {
      Files.write(output, found.message(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      throw new ParameterException(
          spec.commandLine(), "--output: " + output + " is there already; name a new file", e);
    } catch (IOException e) {
      throw new ParameterException(
          spec.commandLine(), "--output: " + output + " cannot be written: " + e, e);
    }
  }

  private static void print(QuarantinedMessage found, PrintWriter out) {
    QuarantineEntry entry = found.entry();
    line(out, "id", entry.id());
    line(out, "reason", entry.reason());
    line(out, "queue", entry.queue().isEmpty() ? "-" : entry.queue());
    line(out, "since", QuarantineLines.since(entry));
    line(out, "deliveries", Long.toString(entry.deliveries()));
    line(out, "bytes", Long.toString(entry.size()));
    line(out, "task", entry.task() == null ? "-" : entry.task());
    line(out, "task id", entry.taskId() == null ? "-" : entry.taskId());
    arguments(found, out);
    line(out, "replay", found.unfit().isEmpty() ? "possible" : "refused: " + found.unfit());
    out.println();
    String message = Printable.of(found.message());
    out.println(message.length() <= SHOWN ? message : message.substring(0, SHOWN));
    if (message.length() > SHOWN) {
      out.println("... cut off here; --output FILE saves all of it");
    }
  }

  private static void arguments(QuarantinedMessage found, PrintWriter out) {
    try {
      TaskHeaders headers = MessageCodec.decode(found.message()).headers();
      line(out, "arguments", headers.argsRepr() + " " + headers.kwargsRepr());
    } catch (MalformedMessageException e) {
      line(out, "unreadable", String.valueOf(e.getMessage()));
    }
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf("%-10s  %s%n", name, Printable.of(value));
  }

  private static Map<String, Object> object(QuarantinedMessage found) {
    Map<String, Object> object = new LinkedHashMap<>(QuarantineLines.object(found.entry()));
    object.put("replayable", found.unfit().isEmpty());
    if (!found.unfit().isEmpty()) {
      object.put("unfit", found.unfit());
    }
    object.put("message", Base64.getEncoder().encodeToString(found.message()));
    return object;
  }
}
