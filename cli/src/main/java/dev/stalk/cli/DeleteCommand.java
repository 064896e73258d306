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

/** Deletes a queue. */
@Command(
    name = "delete",
    description = {
      "Deletes a queue: its waiting messages at every priority, and its bindings.",
      "Messages that a worker holds, or that wait for their time, are not touched, nor is what is in"
          + " quarantine. Workers that still run may declare the queue again."
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
final class DeleteCommand implements Callable<Integer> {

  @Parameters(paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Mixin private final Confirmation confirmation;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  DeleteCommand() {
    this(Terminal.system());
  }

  DeleteCommand(Terminal terminal) {
    this.confirmation = new Confirmation(terminal);
  }

  @Override
  public Integer call() {
    confirmation.requireSomebody(spec, "delete");
    BrokerConfig config = broker.config();
    try (BrokerClient client = BrokerClient.connect(config)) {
      if (!confirmation.isGiven()
          && !confirmation.ask(
              spec,
              "%d messages wait in %s at %s. Delete them and the queue?"
                  .formatted(client.queues().length(queue), queue, RedisUrl.parse(config.url())),
              "nothing was deleted")) {
        return ExitCodes.FAILED;
      }
      print(client.queues().delete(queue));
      return ExitCodes.OK;
    }
  }

  private void print(long deleted) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("queue", queue);
      object.put("deleted", deleted);
      out.println(Json.line(object));
    } else {
      out.printf("deleted queue %s with %d messages%n", queue, deleted);
    }
  }
}
