package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What {@code docs/configuration.md} says is true. */
class ConfigurationPageTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([^`]+)` \\|[^|]*\\|([^|]*)\\|([^|]*)\\|([^|]*)\\|[^|]*\\|$");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(?:yaml|text)\\n(.*?)\\n```$");

  private final String page = read();

  private static String read() {
    try {
      return Files.readString(Path.of("..", "docs", "configuration.md"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void theTableListsExactlyTheKeysTheLoaderKnows() {
    Set<String> keys =
        SchemaTest.keysOfTheLoader().stream()
            .filter(key -> !key.startsWith("defaults.") && !key.startsWith("configs."))
            .map(key -> key.replaceFirst("(task-circuit-breaker)\\..*", "$1.*"))
            .collect(Collectors.toSet());

    assertThat(rows().keySet()).containsExactlyInAnyOrderElementsOf(keys);
  }

  /** Default, range and reload of each key. */
  private Map<String, List<String>> rows() {
    String keys = page.substring(page.indexOf("## Keys"), page.indexOf("## Inheritance"));
    Map<String, List<String>> rows = new LinkedHashMap<>();
    ROW.matcher(keys)
        .results()
        .forEach(
            row ->
                rows.put(
                    row.group(1),
                    List.of(row.group(2).strip(), row.group(3).strip(), row.group(4).strip())));
    return rows;
  }

  @Test
  void theTableHasTheDefaultsAndTheReloadsOfTheSchema() {
    Map<String, JsonNode> settings = new SchemaTest().settings();

    rows()
        .forEach(
            (key, row) -> {
              if (key.endsWith(".*")) {
                return;
              }
              JsonNode setting = settings.get(key);
              if (setting.has("default")) {
                assertThat(row.get(0))
                    .as(key)
                    .endsWith(code(SchemaTest.textOf(setting.get("default"))));
              }
              assertThat(row.get(2))
                  .as(key)
                  .isEqualTo(setting.get("x-reloadable").asBoolean() ? "yes" : "no");
            });
  }

  private static String code(Object value) {
    return "`" + value + "`";
  }

  @Test
  void theExampleLoads() {
    WorkerConfig config = WorkerYaml.parse("page", blocks().get(0), Map.of());

    assertThat(config.queues())
        .containsExactly(
            Map.entry("celery", YamlQueue.of(8, 8)),
            Map.entry("payments", YamlQueue.of(16, 32)),
            Map.entry(
                "mail",
                QueueConfig.builder()
                    .rateLimit(RateLimit.parse("100/m"))
                    .circuitBreaker(
                        BreakerConfig.builder()
                            .failureRateThreshold(20)
                            .waitDurationInOpenState(Duration.ofSeconds(30))
                            .build())
                    .build()),
            Map.entry(
                "bulk",
                QueueConfig.builder().queues(List.of("exports", "imports")).threads(2).build()));
  }

  @Test
  void theErrorsAreReal() {
    assertThat(refused("worker.yaml", blocks().get(1), Map.of())).hasMessage(blocks().get(2));
    assertThat(refused("worker.yaml", blocks().get(0), Map.of("REDIS_MAX_CONNECTIONS", "many")))
        .hasMessage(blocks().get(3));
  }

  private List<String> blocks() {
    return BLOCK.matcher(page).results().map(block -> block.group(1)).toList();
  }

  private static ConfigException refused(
      String source, String text, Map<String, String> environment) {
    return catchThrowableOfType(
        ConfigException.class, () -> WorkerYaml.parse(source, text, environment));
  }
}
