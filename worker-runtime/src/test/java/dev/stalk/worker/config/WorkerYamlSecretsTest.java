package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerYamlSecretsTest {
  private static final String SECRET = "hunter2";

  /** Addresses that are wrong in ways that put the password where another part should be. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis://:hunter2@localhost:port/0",
        "redis://:hunter2@localhost:99999/0",
        "redis://:hunter2@localhost/zero",
        "redis://user:hunter2",
        "redis://user:/hunter2@localhost",
        "redis://user:x/hunter2@localhost:6379/0",
        "redis://user:1/hunter2@localhost:6379/0",
        "redis://user:1?hunter2@localhost:6379/0",
        "redis://user:1?'hunter2'@localhost:6379/0",
        "redis://user:hunter2#x@localhost:6379/0",
        "redis://user:hunter2%@localhost:port/0",
        "redis://user:%hunter2@localhost:port/0",
        "redis://user: hunter2@localhost:6379/0",
        "redis://localhost/0?password=hunter2",
        "redis://localhost/0?hunter2",
        "rediss://:hunter2@localhost/0?ssl_cert_reqs=never",
        "sentinel://:hunter2@localhost/0;sentinel://b/1",
        "hunter2://localhost",
        "hunter2@localhost:6379",
        "redis//:hunter2@localhost:6379",
        "hunter2"
      })
  void aWrongAddressIsNotShown(String url) {
    assertRefusedWithoutSecret("broker: { url: \"%s\" }".formatted(url), Map.of());
    assertRefusedWithoutSecret("results: { url: \"%s\" }".formatted(url), Map.of());
    assertRefusedWithoutSecret("name: x", Map.of("REDIS_URL", url));
    assertRefusedWithoutSecret("broker: { url: \"${SECRET}\" }", Map.of("SECRET", url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "broker: redis://:hunter2@localhost/0",
        "broker: [redis://:hunter2@localhost/0]",
        "broker: { redis://:hunter2@localhost/0 }",
        "broker: { :hunter2@localhost }",
        "redis://:hunter2@localhost/0: x",
        "broker: { url: redis://:hunter2@localhost/0, lease: redis://:hunter2@localhost/0 }",
        "defaults: { threads: redis://:hunter2@localhost/0 }",
        "name: redis://:hunter2@localhost/0 x",
        "tasks: [redis://:hunter2@localhost/0]",
        "broker: { url: redis://:hunter2@localhost/0 ",
        "broker: { url: 'redis://:hunter2@localhost/0 }",
        "broker: { url: redis://:hunter2@localhost/0 } x",
        "broker:\n  url: redis://:hunter2@localhost/0: x",
        "broker:\n  url: redis://:hunter2@localhost/\u0007",
        "broker: { url: \"redis://:hunter2\\qlocalhost/\" }",
        "defaults: { threads: \"${ABSENT}redis://:hunter2@localhost/0\" }",
        "defaults: { threads: \"${ABSENT:redis://:hunter2@localhost/0}\" }",
        "defaults: { threads: \"${9:redis://:hunter2@localhost/0}\" }"
      })
  void anAddressInTheWrongPlaceIsNotShown(String text) {
    assertRefusedWithoutSecret(text, Map.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name: '${SECRET} x'",
        "name: '${SECRET}@@%i'",
        "broker: { lease: \"${SECRET}\", max-connections: \"${SECRET}\" }",
        "defaults: { threads: \"${SECRET}\" }",
        "shutdown-timeout: ${SECRET}",
        "tasks: [\"com acme ${SECRET}\"]"
      })
  void whatComesOutOfAVariableIsNotShown(String text) {
    assertRefusedWithoutSecret(text, Map.of("SECRET", SECRET));
  }

  @Test
  void aConfigurationsTextFormShowsNoLogin() {
    WorkerConfig config =
        WorkerYaml.parse(
            "worker.yaml",
            "broker: { url: redis://alice:hunter2@localhost/0 }\nqueues: { celery: }",
            Map.of());

    assertThat(config.toString())
        .contains("redis://localhost:6379/0")
        .doesNotContain("alice", SECRET);
  }

  private static void assertRefusedWithoutSecret(String text, Map<String, String> environment) {
    ConfigException refused =
        catchThrowableOfType(
            ConfigException.class,
            () -> WorkerYaml.parse("worker.yaml", "queues: { celery: }\n" + text, environment));

    assertThat(refused).as(text).isNotNull();
    for (Throwable t = refused; t != null; t = t.getCause()) {
      assertThat(t.toString()).as(text).doesNotContain(SECRET);
    }
  }
}
