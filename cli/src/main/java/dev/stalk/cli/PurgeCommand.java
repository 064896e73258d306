package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisUrl;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Deletes what waits in a queue. */
@Command(
    name = "purge",
    description = {
      "Deletes the waiting messages of a queue, at every priority.",
      "Messages that a worker holds, or that wait for their time, are not touched."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:deleted, or nothing was there",
      "1:not deleted, as the answer was not yes",
      "2:wrong arguments, or neither a terminal nor --yes",
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class PurgeCommand implements Callable<Integer> {
  private static final Set<String> YES = Set.of("y", "yes");

  @Parameters(paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  private final Terminal terminal;

  PurgeCommand() {
    this(Terminal.system());
  }

  PurgeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    if (!yes && !terminal.isThere()) {
      throw new ParameterException(
          spec.commandLine(), "there is no terminal to ask at: say --yes to delete");
    }
    BrokerConfig config = broker.config();
    try (BrokerClient client = BrokerClient.connect(config)) {
      if (!yes && !agreed(client, RedisUrl.parse(config.url()))) {
        spec.commandLine().getErr().println("nothing was deleted");
        return ExitCodes.FAILED;
      }
      print(client.purge(queue));
      return ExitCodes.OK;
    }
  }

  private boolean agreed(BrokerClient client, RedisUrl url) {
    long waiting = client.queueLengths(queue).values().stream().mapToLong(Long::longValue).sum();
    PrintWriter err = spec.commandLine().getErr();
    err.printf("%d messages wait in %s at %s. Delete them? [y/N] ", waiting, queue, url);
    err.flush();
    String answer = terminal.readLine();
    return answer != null && YES.contains(answer.strip().toLowerCase(Locale.ROOT));
  }

  private void print(long purged) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("queue", queue);
      object.put("purged", purged);
      out.println(Json.line(object));
    } else {
      out.printf("deleted %d messages from %s%n", purged, queue);
    }
  }
}
