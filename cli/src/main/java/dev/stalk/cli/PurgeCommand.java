package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisUrl;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
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
  @Parameters(paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Mixin private final Confirmation confirmation;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  PurgeCommand() {
    this(Terminal.system());
  }

  PurgeCommand(Terminal terminal) {
    this.confirmation = new Confirmation(terminal);
  }

  @Override
  public Integer call() {
    confirmation.requireSomebody(spec, "delete");
    BrokerConfig config = broker.config();
    try (BrokerClient client = BrokerClient.connect(config)) {
      if (!confirmation.isGiven() && !agreed(client, RedisUrl.parse(config.url()))) {
        return ExitCodes.FAILED;
      }
      print(client.purge(queue));
      return ExitCodes.OK;
    }
  }

  private boolean agreed(BrokerClient client, RedisUrl url) {
    return confirmation.ask(
        spec,
        "%d messages wait in %s at %s. Delete them?"
            .formatted(client.queues().length(queue), queue, url),
        "nothing was deleted");
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
