package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The effective values, and where each came from. */
class LoadedConfigTest {

  private static Map<String, LoadedConfig.Setting> settings(
      String text, Map<String, String> environment) {
    return WorkerYaml.parseText("worker.yaml", text, environment).settings().stream()
        .collect(java.util.stream.Collectors.toMap(LoadedConfig.Setting::key, s -> s));
  }

  private static void assertSetting(
      Map<String, LoadedConfig.Setting> settings, String key, String value, String origin) {
    assertThat(settings.get(key)).isEqualTo(new LoadedConfig.Setting(key, value, origin));
  }

  @Test
  void everyValueTellsWhereItCameFrom() {
    Map<String, LoadedConfig.Setting> settings =
        settings(
            """
            defaults:
              threads: 3
            configs:
              base: { memory-limit: 1MiB }
              careful:
                base-config: base
                circuit-breaker: { failure-rate-threshold: 20 }
            queues:
              mail:
                base-config: careful
                buffer: 7
            results: { url: "redis://:hush@results/1" }
            """,
            Map.of("REDIS_URL", "redis://me:hush@redis.example/1"));

    assertSetting(
        settings, "broker.url", "redis://me:***@redis.example/1", "environment REDIS_URL");
    assertSetting(settings, "results.url", "redis://:***@results/1", "worker.yaml:12:17");
    assertSetting(settings, "broker.lease", "1m", "default");
    assertSetting(settings, "queues.mail.threads", "3", "worker.yaml:2:12 (defaults)");
    assertSetting(settings, "queues.mail.buffer", "7", "worker.yaml:11:13");
    assertSetting(settings, "queues.mail.memory-limit", "1MiB", "worker.yaml:4:25 (configs.base)");
    assertSetting(
        settings,
        "queues.mail.circuit-breaker.failure-rate-threshold",
        "20.0",
        "worker.yaml:7:48 (configs.careful)");
    assertSetting(
        settings, "queues.mail.circuit-breaker.wait-duration-in-open-state", "1m", "default");
    assertSetting(
        settings,
        "queues.mail.circuit-breaker.enabled",
        "true",
        "worker.yaml:7:22 (configs.careful)");
    assertSetting(settings, "queues.mail.task-circuit-breaker.enabled", "false", "default");
    assertSetting(settings, "queues.mail.rate-limit", "", "default");
  }

  @Test
  void resultsThatFollowTheBrokerHaveItsOrigin() {
    Map<String, LoadedConfig.Setting> settings =
        settings("{ broker: { url: \"redis://h/1\" }, queues: { a: }, tasks: [x.Y] }", Map.of());

    assertSetting(settings, "results.url", "redis://h/1", "worker.yaml:1:18");
    assertSetting(settings, "tasks", "[x.Y]", "worker.yaml:1:59");
  }

  @Test
  void theListIsInTheOrderOfTheFile() {
    List<LoadedConfig.Setting> settings =
        WorkerYaml.parseText("w", "queues: { b: , a: }", Map.of()).settings();

    assertThat(settings)
        .extracting(LoadedConfig.Setting::key)
        .containsSubsequence("name", "broker.url", "queues.b.threads", "queues.a.threads", "tasks");
  }
}
