package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.worker.config.ManagementConfig;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ManagementServerTest {
  private static final ManagementConfig ANY_PORT = new ManagementConfig("127.0.0.1", 0);

  private final CompositeMeterRegistry meters = new CompositeMeterRegistry();
  private WorkerHealth health = new WorkerHealth(true, true, Map.of());
  private ManagementServer server = started(meters);

  private ManagementServer started(MeterRegistry registry) {
    ManagementServer made = new ManagementServer(ANY_PORT, registry, () -> health);
    made.start();
    return made;
  }

  @AfterEach
  void close() {
    server.close();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(HttpRequest.newBuilder(uri(path)).GET());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void metersAreShownAsPrometheusReadsThem() throws Exception {
    new WorkerMetrics(meters).queue("math").settled();

    HttpResponse<String> page = get("/metrics");

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
    assertThat(page.body()).contains("stalk_queue_settled_total{queue=\"math\"} 1.0");
  }

  @Test
  void aRegistryThatPrometheusCannotReadIsNamedAsTheReason() throws Exception {
    server.close();
    server = started(new SimpleMeterRegistry());

    assertThat(get("/metrics").statusCode()).isEqualTo(501);
    assertThat(get("/metrics").body()).contains("micrometer-registry-prometheus");
  }

  @Test
  void livenessIsAsked() throws Exception {
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    assertThat(get("/health/live").body()).isEqualTo("{\"status\":\"up\"}\n");

    health = new WorkerHealth(false, true, Map.of());

    assertThat(get("/health/live").statusCode()).isEqualTo(503);
  }

  @Test
  void readinessTellsOfEachQueue() throws Exception {
    health = new WorkerHealth(true, false, Map.of("math", Map.of("redis", "down")));

    HttpResponse<String> page = get("/health/ready");

    assertThat(page.statusCode()).isEqualTo(503);
    assertThat(page.body())
        .isEqualTo("{\"status\":\"down\",\"queues\":{\"math\":{\"redis\":\"down\"}}}\n");
  }

  @Test
  void otherPagesAndMethodsAreRefused() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(404);
    assertThat(get("/metrics/more").statusCode()).isEqualTo(404);
    assertThat(
            send(HttpRequest.newBuilder(uri("/metrics")).POST(HttpRequest.BodyPublishers.noBody()))
                .statusCode())
        .isEqualTo(405);
  }

  @Test
  void aPageThatCannotBeMadeCostsNoOther() throws Exception {
    WorkerHealth fine = health;
    health = null;
    assertThatThrownBy(() -> get("/health/live")).isInstanceOf(java.io.IOException.class);

    health = fine;

    assertThat(get("/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void aPortThatIsTakenIsToldAtOnce() {
    ManagementConfig taken = new ManagementConfig("127.0.0.1", server.address().getPort());

    assertThatThrownBy(() -> new ManagementServer(taken, meters, () -> health))
        .hasMessageStartingWith("management: cannot listen at /127.0.0.1:");
    assertThat(meters.getRegistries()).hasSize(1);
  }

  @Test
  void itListensAtTheLoopbackAloneUnlessToldOtherwise() {
    assertThat(server.address().getAddress()).isEqualTo(InetAddress.getLoopbackAddress());
  }
}
