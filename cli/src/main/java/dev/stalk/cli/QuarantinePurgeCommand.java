package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisUrl;
import dev.stalk.broker.transport.Quarantine;
import java.io.PrintWriter;
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

/** Deletes messages in quarantine. */
@Command(
    name = "purge",
    description = {"Deletes messages from quarantine. They are gone for good."},
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:deleted, or nothing was there",
      "1:a message that was named is not there, or the answer was not yes",
      "2:wrong arguments, or neither a terminal nor --yes",
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class QuarantinePurgeCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "ID", description = "The messages.")
  private List<String> ids = new ArrayList<>();

  @Option(names = "--all", description = "Delete all.")
  private boolean all;

  @Option(
      names = "--older-than",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      description = "Delete what is there for longer: 500ms, 5s, 2m, 1h, 30d, or seconds.")
  private @Nullable Duration age;

  @Mixin private final Confirmation confirmation;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  QuarantinePurgeCommand() {
    this(Terminal.system());
  }

  QuarantinePurgeCommand(Terminal terminal) {
    this.confirmation = new Confirmation(terminal);
  }

  @Override
  public Integer call() {
    int choices = (all ? 1 : 0) + (age == null ? 0 : 1) + (ids.isEmpty() ? 0 : 1);
    if (choices != 1) {
      throw new ParameterException(
          spec.commandLine(), "say which messages: their ids, --older-than or --all");
    }
    confirmation.requireSomebody(spec, "delete");
    BrokerConfig config = broker.config();
    try (BrokerClient client = BrokerClient.connect(config)) {
      Quarantine quarantine = client.quarantine();
      if (!confirmation.isGiven() && !agreed(quarantine, RedisUrl.parse(config.url()))) {
        return ExitCodes.FAILED;
      }
      long purged = purge(quarantine);
      print(purged);
      return purged < ids.size() ? ExitCodes.FAILED : ExitCodes.OK;
    }
  }

  private boolean agreed(Quarantine quarantine, RedisUrl url) {
    String which =
        all
            ? "all of them"
            : age == null ? "%d of them".formatted(ids.size()) : "those older than " + age;
    return confirmation.ask(
        spec,
        "%d messages are in the quarantine of %s at %s. Delete %s?"
            .formatted(quarantine.count(queue), queue, url, which),
        "nothing was deleted");
  }

  private long purge(Quarantine quarantine) {
    if (all) {
      return quarantine.purgeAll(queue);
    }
    if (age != null) {
      return quarantine.purgeOlderThan(queue, age);
    }
    return ids.stream().filter(id -> quarantine.purge(queue, id)).count();
  }

  private void print(long purged) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("queue", queue);
      object.put("purged", purged);
      out.println(Json.line(object));
    } else {
      out.printf("deleted %d messages from the quarantine of %s%n", purged, queue);
    }
  }
}
