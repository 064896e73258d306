package dev.stalk.samples;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;

/** How do I send a task and use its result? */
public final class SendATask {
  private SendATask() {}

  /** Sends {@code samples.add(2, 3)} to the queue {@code python}. */
  public static void main(String[] arguments) {
    String url = System.getenv().getOrDefault("REDIS_URL", "redis://localhost:6379/0");
    try (BrokerClient client = BrokerClient.connect(url)) {
      AsyncResult result = client.send(TaskSignature.of("samples.add", 2, 3).on("python"));
      System.out.println(result.get(Integer.class, Duration.ofSeconds(5)));
    }
  }
}
