package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What {@code docs/configuration.md} says a running worker does not take over is refused, by name,
 * and changes nothing. A key without a case here fails the test. Nobody listens at the broker's
 * address.
 */
@Timeout(60)
class FixedSettingsTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([^`]+)` \\|[^|]*\\|[^|]*\\|[^|]*\\| no \\|[^|]*\\|$");

  /** The address all configurations share unless they are about it. */
  private static final String URL = "\"rediss://127.0.0.1:1/0\"";

  private static final Path KEYS =
      Path.of("..", "broker-client", "src", "test", "resources", "security");

  /** What is only allowed together. */
  private static final List<String> SIGNER =
      List.of(
          "content.security.key", "content.security.key-password", "content.security.certificate");

  /** A value that is not the default, by key. */
  private static final Map<String, String> VALUES = new LinkedHashMap<>();

  static {
    VALUES.put("name", "other@here");
    VALUES.put("broker.url", "\"rediss://127.0.0.1:1/1\"");
    VALUES.put("broker.visibility-timeout", "2h");
    VALUES.put("broker.lease", "2m");
    VALUES.put("broker.max-deliveries", "6");
    VALUES.put("broker.max-connections", "11");
    VALUES.put("broker.connect-timeout", "1s");
    VALUES.put("broker.socket-timeout", "6s");
    VALUES.put("broker.global-keyprefix", "shop");
    VALUES.put("broker.sep", "\":\"");
    VALUES.put("broker.priority-steps", "[0, 5]");
    VALUES.put("broker.ssl-cert-reqs", "none");
    VALUES.put("broker.ca-file", "ca.pem");
    VALUES.put("broker.cert-file", "cert.pem");
    VALUES.put("broker.key-file", "key.pem");
    VALUES.put("broker.check-hostname", "false");
    VALUES.put("broker.master-name", "main");
    VALUES.put("broker.sentinel-user", "guard");
    VALUES.put("broker.sentinel-password", "word");
    VALUES.put("broker.sentinel-tls", "true");
    VALUES.put("broker.inherit-parent-priority", "true");
    VALUES.put("broker.publish-retry.max-retries", "4");
    VALUES.put("broker.publish-retry.interval-start", "1s");
    VALUES.put("broker.publish-retry.interval-step", "1s");
    VALUES.put("broker.publish-retry.interval-max", "2s");
    VALUES.put("results.url", "\"redis://127.0.0.1:1/2\"");
    VALUES.put("results.expires", "2d");
    VALUES.put("results.global-keyprefix", "shop");
    VALUES.put("content.task-serializer", "yaml");
    VALUES.put("content.task-compression", "gzip");
    VALUES.put("content.result-serializer", "yaml");
    VALUES.put("content.accept-content", "[json, yaml]");
    VALUES.put("content.result-accept-content", "[json, yaml]");
    VALUES.put("content.json-types", "plain");
    VALUES.put("content.max-depth", "100");
    VALUES.put("content.max-body-size", "1MiB");
    VALUES.put("content.max-decompressed-size", "1MiB");
    VALUES.put("content.max-result-size", "1MiB");
    VALUES.put("content.security.key", KEYS.resolve("signer1-encrypted.key").toString());
    VALUES.put("content.security.key-password", "celery");
    VALUES.put("content.security.certificate", KEYS.resolve("store/signer1.pem").toString());
    VALUES.put("content.security.cert-store", KEYS.resolve("store").toString());
    VALUES.put("content.security.digest", "sha512");
    VALUES.put("content.security.layout", "celery-5.4");
    VALUES.put("content.security.serializer", "yaml");
    VALUES.put("routes.NAME.queue", "{ mail.*: { queue: mail } }");
    VALUES.put("routes.NAME.exchange", "{ mail.*: { exchange: post, routing-key: mail } }");
    VALUES.put("routes.NAME.routing-key", "{ mail.*: { exchange: post, routing-key: letters } }");
    VALUES.put(
        "routes.NAME.exchange-type",
        "{ mail.*: { exchange: post, routing-key: mail, exchange-type: topic } }");
    VALUES.put("routes.NAME.priority", "{ mail.*: { priority: 3 } }");
    VALUES.put("routes.NAME.serializer", "{ mail.*: { serializer: yaml } }");
    VALUES.put("routes.NAME.compression", "{ mail.*: { compression: gzip } }");
    VALUES.put("routes.NAME.expires", "{ mail.*: { expires: 1h } }");
    VALUES.put("events.task", "true");
    VALUES.put("events.heartbeat", "1s");
    VALUES.put("events.task-sent", "true");
    VALUES.put("events.exchange", "others");
    VALUES.put("events.memory-limit", "1MiB");
    VALUES.put("shutdown-timeout", "1s");
    VALUES.put("management.port", "0");
    VALUES.put("management.address", "0.0.0.0");
    VALUES.put("tasks", "[com.acme.Others]");
  }

  private static Set<String> keys() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "configuration.md"));
    return ROW.matcher(page).results().map(row -> row.group(1)).collect(Collectors.toSet());
  }

  @Test
  void everyFixedKeyHasACase() throws IOException {
    assertThat(VALUES.keySet()).isNotEmpty().containsExactlyInAnyOrderElementsOf(keys());
  }

  /** A file that says this, as far as it can be said without more. */
  private static WorkerConfig with(String key, String value) {
    String text = value;
    String[] parts = key.split("\\.", -1);
    for (int i = parts.length - 1; i >= 1 && !parts[0].equals("routes"); i--) {
      text = "{ %s: %s }".formatted(parts[i], text);
    }
    if (key.startsWith("broker.") && !key.equals("broker.url")) {
      text = text.replaceFirst("\\{", "{ url: " + URL + ",");
    }
    if (key.equals("broker.key-file")) {
      text = text.replaceFirst("\\{", "{ cert-file: cert.pem,");
    }
    if (SIGNER.contains(key)) {
      text =
          SIGNER.stream()
              .map(name -> name.replaceFirst(".*\\.", "") + ": " + VALUES.get(name))
              .collect(Collectors.joining(", ", "{ security: { ", " } }"));
    }
    if (key.matches("content.security.(digest|layout|serializer)")) {
      text =
          text.replaceFirst(
              "security: \\{", "security: { cert-store: " + KEYS.resolve("store") + ",");
    }
    if (key.equals("content.task-serializer")) {
      text = text.replaceFirst("\\{", "{ accept-content: [json, yaml],");
    }
    if (key.equals("management.address")) {
      text = text.replaceFirst("\\{", "{ port: 0,");
    }
    String broker = parts[0].equals("broker") ? "" : "broker: { url: %s }\n".formatted(URL);
    return WorkerYaml.parse(
        "worker.yaml", "%s%s: %s\nqueues: { a: }".formatted(broker, parts[0], text), Map.of());
  }

  @Test
  void eachIsRefusedByNameAndNothingIsChanged() {
    WorkerConfig before =
        WorkerYaml.parse(
            "worker.yaml", "broker: { url: %s }\nqueues: { a: }".formatted(URL), Map.of());
    try (Worker worker =
        Worker.builder()
            .config(before)
            .metrics(new SimpleMeterRegistry())
            .task("echo", (context, arguments) -> null)
            .build()) {
      worker.start();
      VALUES.forEach(
          (key, value) -> {
            WorkerConfig changed = with(key, value);
            String section = key.split("\\.", 2)[0];

            assertThatThrownBy(() -> worker.reload(changed))
                .as(key)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("cannot be changed while the worker runs, restart it: ")
                .hasMessageContaining(section);
            assertThat(worker.config()).as(key).isSameAs(before);
          });
    }
  }
}
