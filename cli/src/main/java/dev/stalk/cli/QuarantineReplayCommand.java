package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.redis.RedisUrl;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.Replay;
import dev.stalk.broker.transport.Replay.Outcome;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends messages in quarantine again. */
@Command(
    name = "replay",
    description = {
      "Moves messages from quarantine back to a queue, at their priority, their deliveries counted"
          + " afresh.",
      "Each is moved in one step, so none is lost or doubled. What no worker could take stays."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:all were moved",
      "1:some stayed or were gone, or the answer was not yes",
      "2:wrong arguments, or with --all neither a terminal nor --yes",
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    })
final class QuarantineReplayCommand implements Callable<Integer> {

  @Parameters(index = "0", paramLabel = "QUEUE", description = "The queue.")
  private String queue = "";

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "ID", description = "The messages.")
  private List<String> ids = new ArrayList<>();

  @Option(names = "--all", description = "Replay all that are there now; asks first.")
  private boolean all;

  @Option(
      names = "--to",
      paramLabel = "QUEUE",
      description = "Where they are to go; else the queue they came from.")
  private @Nullable String to;

  @Mixin private final Confirmation confirmation;

  @Option(names = "--json", description = "Print a JSON array with an object for each message.")
  private boolean json;

  @Mixin private final BrokerOptions broker = new BrokerOptions();

  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  QuarantineReplayCommand() {
    this(Terminal.system());
  }

  QuarantineReplayCommand(Terminal terminal) {
    this.confirmation = new Confirmation(terminal);
  }

  @Override
  public Integer call() {
    if (all == !ids.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "say which messages: their ids, or --all");
    }
    if (all) {
      confirmation.requireSomebody(spec, "replay all");
    }
    BrokerConfig config = broker.config();
    try (BrokerClient client = BrokerClient.connect(config)) {
      Quarantine quarantine = client.quarantine();
      if (all && !confirmation.isGiven() && !agreed(quarantine, RedisUrl.parse(config.url()))) {
        return ExitCodes.FAILED;
      }
      List<Replay> replays =
          all
              ? quarantine.replayAll(queue, to)
              : ids.stream().map(id -> quarantine.replay(queue, id, to)).toList();
      print(replays);
      return replays.stream().allMatch(replay -> replay.outcome() == Outcome.REPLAYED)
          ? ExitCodes.OK
          : ExitCodes.FAILED;
    }
  }

  private boolean agreed(Quarantine quarantine, RedisUrl url) {
    return confirmation.ask(
        spec,
        "%d messages are in the quarantine of %s at %s. Send them all again?"
            .formatted(quarantine.count(queue), queue, url),
        "nothing was replayed");
  }

  private void print(List<Replay> replays) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Printable.of(Json.line(replays.stream().map(QuarantineLines::object).toList())));
      return;
    }
    PrintWriter err = spec.commandLine().getErr();
    long moved = 0;
    for (Replay replay : replays) {
      if (replay.outcome() == Outcome.REPLAYED) {
        moved++;
      } else {
        err.printf("%s: %s%n", Printable.of(replay.id()), Printable.of(replay.detail()));
      }
    }
    out.printf("replayed %d of %d messages%n", moved, replays.size());
  }
}
