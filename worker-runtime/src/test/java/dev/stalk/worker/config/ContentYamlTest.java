package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.security.SignatureLayout;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The section {@code content.security}, with the keys of broker-client's tests. */
class ContentYamlTest {
  private static String file(String name) {
    return Path.of("..", "broker-client", "src", "test", "resources", "security", name).toString();
  }

  private static LoadedConfig load(String security, String accept) {
    String text =
        """
        content:
          accept-content: %s
          task-serializer: %s
          security: %s
        queues: { a: }
        """
            .formatted(accept, accept.contains("auth") ? "auth" : "json", security);
    return WorkerYaml.parseText("w", text, Map.of("PASSWORD", "celery"));
  }

  private static String whole() {
    return "{ key: %s, key-password: \"${PASSWORD}\", certificate: %s, cert-store: %s, layout: celery-5.4, digest: sha512 }"
        .formatted(file("signer1-encrypted.key"), file("store/signer1.pem"), file("store"));
  }

  @Test
  void securityIsLoaded() {
    ContentConfig content = load(whole(), "[auth]").config().broker().content();

    MessageSecurity security = content.security();
    assertThat(content.acceptContent()).containsExactly("auth");
    assertThat(security.layout()).isEqualTo(SignatureLayout.CELERY_5_4);
    assertThat(security.digest()).isEqualTo("sha512");
    assertThat(security.serializer()).isEqualTo("json");
    assertThat(security.signerId()).startsWith("US Acme Inc,");
    assertThat(security.verifies()).isTrue();
  }

  @Test
  void thePasswordIsShownToNobody() {
    assertThat(load(whole(), "[auth]").settings())
        .extracting(LoadedConfig.Setting::key, LoadedConfig.Setting::value)
        .contains(
            org.assertj.core.groups.Tuple.tuple("content.security.key-password", "***"),
            org.assertj.core.groups.Tuple.tuple("content.security.digest", "sha512"));
  }

  @Test
  void whatCannotBeUsedIsRefusedAtItsPlace() {
    assertThatThrownBy(() -> load("{ cert-store: " + file("expired") + " }", "[json]"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("w:4:13: content.security: security cert-store: the file ")
        .hasMessageContaining("expired at 2025-01-01T00:00:00Z");
    assertThatThrownBy(() -> load("{ layout: celery-5 }", "[json]"))
        .hasMessageContaining("content.security.layout: must be celery-5.5 or celery-5.4");
    assertThatThrownBy(() -> load("", "[auth]"))
        .hasMessageContaining(
            "content.task-serializer: auth needs content.security with key and certificate");
  }

  @Test
  void aWorkerThatCouldNotReadItsOwnRetriesIsRefused() {
    String signed =
        "queues: { a: }\ncontent:\n  accept-content: [auth]\n  security: { cert-store: %s }\n"
            .formatted(file("store"));
    assertThatThrownBy(() -> WorkerYaml.parse("w", signed, Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "w:3:3: content: task-serializer json is not among accept-content [auth]: the worker could not read its own retries; name json in accept-content, or choose a task-serializer from it");
    String yaml = "queues: { a: }\ncontent:\n  task-serializer: yaml\n";
    assertThatThrownBy(() -> WorkerYaml.parse("w", yaml, Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("w:3:20: content.task-serializer: ")
        .hasMessageContaining("name yaml in accept-content");
    assertThat(
            WorkerYaml.parse("w", yaml + "  accept-content: [yaml]\n", Map.of())
                .broker()
                .content()
                .taskSerializer())
        .isEqualTo("yaml");
  }

  @Test
  void theSameHoldsForAWorkerThatIsConfiguredByCode() {
    BrokerConfig broker =
        BrokerConfig.builder()
            .content(ContentConfig.builder().acceptContent("msgpack").build())
            .build();

    assertThatThrownBy(
            () ->
                WorkerConfig.builder()
                    .broker(broker)
                    .queue("a", QueueConfig.builder().build())
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("task-serializer json is not among accept-content [msgpack]");
  }
}
