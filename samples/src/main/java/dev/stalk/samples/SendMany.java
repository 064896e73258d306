package dev.stalk.samples;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.TaskFailedException;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.core.type.TypeReference;

/** How do I send many tasks, pass keywords and priorities, read typed results, meet failures? */
public final class SendMany {
  /** What a task returns may be read as a record. */
  public record Receipt(String order, int cents) {}

  private SendMany() {}

  /** Sends to the queue {@code python} and prints what comes back. */
  public static void main(String[] arguments) {
    BrokerConfig config = BrokerConfig.fromEnvironment(System.getenv()).build();
    Duration patience = Duration.ofSeconds(5);
    try (BrokerClient client = BrokerClient.connect(config)) {
      client
          .sendAll(
              IntStream.range(0, 1000)
                  .mapToObj(i -> TaskSignature.of("samples.add", i, 1).on("python"))
                  .toList())
          .forEach(result -> result.get(Integer.class, patience));

      TaskSignature urgent =
          TaskSignature.of("samples.echo")
              .kwarg("value", List.of(new Receipt("o-1", 1999)))
              .on("python")
              .withPriority(0);
      List<Receipt> receipts =
          client.send(urgent).get(new TypeReference<List<Receipt>>() {}, patience);
      System.out.println(receipts);

      try {
        client
            .send(TaskSignature.of("samples.fail", "no such order").on("python"))
            .get(Object.class, patience);
      } catch (TaskFailedException e) {
        System.out.println(e.type() + " of " + e.module() + ": " + e.arguments());
        System.out.println(e.traceback());
      }
    }
  }
}
