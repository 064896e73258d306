package dev.stalk.worker;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.stalk.worker.config.ManagementConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers {@code GET} of {@code /metrics}, {@code /health/live} and {@code /health/ready}, on a
 * thread of its own that shares nothing with the queues. Asks for no password, and shows neither
 * addresses nor messages.
 */
final class ManagementServer {
  private static final Logger log = LoggerFactory.getLogger(ManagementServer.class);
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String JSON = "application/json";

  private final HttpServer server;
  private final ExecutorService thread;
  private final Supplier<WorkerHealth> health;
  private final PrometheusPage metrics;

  /**
   * Binds the port, and answers from {@link #start} on.
   *
   * @throws IllegalArgumentException if the port is taken, or the address is not this machine's
   */
  ManagementServer(ManagementConfig config, MeterRegistry meters, Supplier<WorkerHealth> health) {
    this.health = health;
    this.metrics = PrometheusPage.of(meters);
    InetSocketAddress address = new InetSocketAddress(config.address(), config.port());
    try {
      server = HttpServer.create(address, 0);
    } catch (IOException e) {
      metrics.close();
      throw new IllegalArgumentException(
          "management: cannot listen at %s: %s".formatted(address, e.getMessage()), e);
    }
    thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread made = new Thread(task, "stalk-management");
              made.setDaemon(true);
              return made;
            });
    server.setExecutor(thread);
    server.createContext("/metrics", exchange -> answer(exchange, "/metrics", this::metrics));
    server.createContext("/health/live", exchange -> answer(exchange, "/health/live", this::live));
    server.createContext(
        "/health/ready", exchange -> answer(exchange, "/health/ready", this::ready));
  }

  private record Answer(int status, String type, String body) {}

  void start() {
    server.start();
    log.info("management port at http:/{}", server.getAddress());
  }

  /** With the port that was found, where the configuration left it open. */
  InetSocketAddress address() {
    return server.getAddress();
  }

  private static void answer(HttpExchange exchange, String path, Supplier<Answer> page)
      throws IOException {
    try (exchange) {
      Answer answer;
      if (!exchange.getRequestURI().getPath().equals(path)) {
        answer = new Answer(404, TEXT, "no such page\n");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        answer = new Answer(405, TEXT, "only GET\n");
      } else {
        answer = page.get();
      }
      byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", answer.type);
      exchange.sendResponseHeaders(answer.status, body.length);
      exchange.getResponseBody().write(body);
    } catch (RuntimeException e) { // the server would only close the connection
      log.warn("the page {} could not be made", path, e);
    }
  }

  private Answer metrics() {
    return metrics
        .scrape()
        .map(page -> new Answer(200, PrometheusPage.CONTENT_TYPE, page))
        .orElseGet(
            () ->
                new Answer(
                    501,
                    TEXT,
                    "put io.micrometer:micrometer-registry-prometheus on the class path\n"));
  }

  private Answer live() {
    boolean live = health.get().live();
    return new Answer(live ? 200 : 503, JSON, json(live, Map.of()));
  }

  private Answer ready() {
    WorkerHealth now = health.get();
    return new Answer(now.ready() ? 200 : 503, JSON, json(now.ready(), now.queues()));
  }

  private static String json(boolean up, Map<String, Map<String, Object>> queues) {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("status", up ? "up" : "down");
    if (!queues.isEmpty()) {
      page.put("queues", queues);
    }
    return JsonMapper.shared().writeValueAsString(page) + "\n";
  }

  void close() {
    server.stop(0);
    thread.shutdownNow();
    metrics.close();
  }
}
