package dev.stalk.samples;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.RouteMap;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.util.regex.Pattern;

/** How do I route tasks by their names, and call others when one has succeeded or failed? */
public final class SendByRules {
  private SendByRules() {}

  /** Where tasks go that do not say it: Celery's {@code task_routes}. */
  static RoutingConfig rules() {
    return RoutingConfig.builder()
        .annotate("shop.charge", SendOptions.builder().priority(0).build())
        .route(
            RouteMap.builder()
                .route("shop.charge", SendOptions.onQueue("payments"))
                .route("samples.*", SendOptions.onQueue("python"))
                .route(Pattern.compile("(video|audio)\\."), SendOptions.onQueue("media"))
                .build())
        .route(call -> call.kwargs().containsKey("tenant") ? SendOptions.onQueue("tenants") : null)
        .build();
  }

  /** Sends to the queue {@code python} of the sample tasks. */
  public static void main(String[] arguments) {
    String url = System.getenv().getOrDefault("REDIS_URL", "redis://localhost:6379/0");
    try (BrokerClient client =
        BrokerClient.connect(BrokerConfig.builder().url(url).routing(rules()).build())) {
      var sum =
          client.send(
              TaskSignature.of("samples.add", 2, 3)
                  .link(TaskSignature.of("samples.add", 10).on("python"))
                  .linkError(TaskSignature.of("samples.echo").on("python"))
                  .expiringAfter(Duration.ofMinutes(5))
                  .withStamp("release", "r7")
                  .withRetry(PublishRetry.upTo(10)));
      System.out.println(sum.get(Integer.class, Duration.ofSeconds(10)));
    }
  }
}
