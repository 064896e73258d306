package dev.stalk.samples;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;

/** How do I send tasks in another serializer than JSON, or compressed? */
public final class SendInAnotherContent {
  private SendInAnotherContent() {}

  /** Sends to the queue {@code python}, whose workers must accept msgpack and yaml. */
  public static void main(String[] arguments) {
    String url = System.getenv().getOrDefault("REDIS_URL", "redis://localhost:6379/0");
    ContentConfig content =
        ContentConfig.builder().taskSerializer("msgpack").taskCompression("zstd").build();
    try (BrokerClient client =
        BrokerClient.connect(BrokerConfig.builder().url(url).content(content).build())) {
      var packed = client.send(TaskSignature.of("samples.add", 2, 3).on("python"));

      SendOptions once =
          SendOptions.builder().queue("python").serializer("yaml").compression("gzip").build();
      var readable = client.send(TaskSignature.of("samples.add", 2, 3).with(once));
      System.out.println(packed.id() + " " + readable.id());
    }
  }
}
