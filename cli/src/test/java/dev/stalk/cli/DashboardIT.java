package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.RedisServer;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the Grafana dashboard asks for is what a worker at work shows under {@code /metrics}. */
@Timeout(300)
class DashboardIT {
  private static final Path DASHBOARD = Path.of("..", "docs", "grafana", "stalk.json");
  private static final Pattern METRIC = Pattern.compile("\\b(?:stalk|resilience4j)_[a-z0-9_]+");
  private static final Pattern SAMPLE = Pattern.compile("(?m)^([a-z0-9_]+)\\{");
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private static Set<String> wanted() throws IOException {
    return METRIC
        .matcher(Files.readString(DASHBOARD))
        .results()
        .map(name -> name.group())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> shown(InetSocketAddress management) throws Exception {
    URI page = URI.create("http://127.0.0.1:%d/metrics".formatted(management.getPort()));
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(200);
    return SAMPLE
        .matcher(answer.body())
        .results()
        .map(sample -> sample.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyMetricOfTheDashboardIsShownByAWorkerAtWork() throws Exception {
    assertThat(wanted()).hasSizeGreaterThan(10);
    try (RedisServer redis = RedisServer.start();
        BrokerClient client = BrokerClient.connect(redis.url());
        Worker worker = failing(redis.url())) {
      worker.start();
      client.sendAll(Collections.nCopies(10, TaskSignature.of("fail").on("mail")));
      long deadline = System.nanoTime() + PATIENCE;
      Set<String> missing;
      do {
        missing = wanted();
        missing.removeAll(shown(worker.managementAddress().orElseThrow()));
      } while (!missing.isEmpty() && System.nanoTime() < deadline);

      assertThat(missing).as("asked for by the dashboard, shown by no worker").isEmpty();
    }
  }

  /** A worker whose breaker opens. */
  private static Worker failing(String url) {
    WorkerConfig config =
        WorkerYaml.parse(
            "worker.yaml",
            """
            broker: { url: "%s" }
            management: { port: 0 }
            queues:
              mail: { circuit-breaker: { sliding-window-size: 4, minimum-number-of-calls: 4 } }
            """
                .formatted(url),
            Map.of());
    return Worker.builder()
        .config(config.toBuilder().shutdownTimeout(Duration.ofSeconds(1)).build())
        .metrics(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))
        .task(
            "fail",
            (context, arguments) -> {
              throw new IllegalStateException("as it was told");
            })
        .build();
  }
}
