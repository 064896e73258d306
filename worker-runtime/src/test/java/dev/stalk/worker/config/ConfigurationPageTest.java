package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.redis.RedisNaming;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What {@code docs/configuration.md} says is true. */
class ConfigurationPageTest {
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([^`]+)` \\|[^|]*\\|([^|]*)\\|.*\\|$");
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```(?:yaml|text)\\n(.*?)\\n```$");
  private static final Pattern UNKNOWN =
      Pattern.compile("(?m)^page:\\d+:\\d+: (?:(.+)\\.)?nonsense: unknown key; known keys: (.+)$");
  private static final Set<String> SECTIONS =
      Set.of("broker", "broker.publish-retry", "results", "content", "defaults", "queues");

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
    String keys = page.substring(page.indexOf("## Keys"), page.indexOf("## Durations"));

    assertThat(ROW.matcher(keys).results().map(row -> row.group(1)))
        .containsExactlyInAnyOrderElementsOf(knownKeys());
  }

  /** The loader itself lists them to whoever asks for a key that is like none of them. */
  private static Set<String> knownKeys() {
    String text =
        """
        broker: { nonsense: , publish-retry: { nonsense: } }
        results: { nonsense: }
        content: { nonsense: }
        defaults: { nonsense: }
        queues: { NAME: { nonsense: } }
        nonsense:
        """;
    Set<String> known = new TreeSet<>();
    Matcher matcher = UNKNOWN.matcher(refused(text).getMessage());
    while (matcher.find()) {
      String section = matcher.group(1) == null ? "" : matcher.group(1) + ".";
      Arrays.stream(matcher.group(2).split(", ")).map(section::concat).forEach(known::add);
    }
    known.removeAll(SECTIONS);
    return known;
  }

  @Test
  void theTableHasTheRealDefaults() {
    Map<String, String> defaults = new HashMap<>();
    ROW.matcher(page).results().forEach(row -> defaults.put(row.group(1), row.group(2).strip()));

    ContentConfig content = ContentConfig.DEFAULT;
    assertThat(defaults)
        .containsEntry("name", code(WorkerConfig.DEFAULT_NAME))
        .containsEntry("broker.url", "`REDIS_URL`, else " + code(BrokerConfig.DEFAULT_URL))
        .containsEntry(
            "broker.visibility-timeout", duration(BrokerConfig.DEFAULT_VISIBILITY_TIMEOUT))
        .containsEntry("broker.lease", duration(BrokerConfig.DEFAULT_LEASE))
        .containsEntry("broker.max-deliveries", code(BrokerConfig.DEFAULT_MAX_DELIVERIES))
        .containsEntry(
            "broker.max-connections",
            "`REDIS_MAX_CONNECTIONS`, else " + code(BrokerConfig.DEFAULT_MAX_CONNECTIONS))
        .containsEntry("broker.connect-timeout", duration(BrokerConfig.DEFAULT_CONNECT_TIMEOUT))
        .containsEntry(
            "broker.socket-timeout",
            "`REDIS_SOCKET_TIMEOUT`, else " + duration(BrokerConfig.DEFAULT_SOCKET_TIMEOUT))
        .containsEntry(
            "broker.publish-retry.max-retries", code(PublishRetryPolicy.DEFAULT.maxRetries()))
        .containsEntry(
            "broker.publish-retry.interval-start",
            duration(PublishRetryPolicy.DEFAULT.intervalStart()))
        .containsEntry(
            "broker.publish-retry.interval-step",
            duration(PublishRetryPolicy.DEFAULT.intervalStep()))
        .containsEntry(
            "broker.publish-retry.interval-max", duration(PublishRetryPolicy.DEFAULT.intervalMax()))
        .containsEntry("broker.priority-steps", code(RedisNaming.DEFAULT.prioritySteps()))
        .containsEntry("results.expires", duration(BrokerConfig.DEFAULT_RESULT_EXPIRES))
        .containsEntry("content.task-serializer", code(ContentConfig.DEFAULT_SERIALIZER))
        .containsEntry("content.task-compression", code(ContentConfig.DEFAULT_COMPRESSION))
        .containsEntry("content.result-serializer", code(ContentConfig.DEFAULT_SERIALIZER))
        .containsEntry("content.accept-content", code(List.copyOf(content.acceptContent())))
        .containsEntry("content.json-types", code("marked"))
        .containsEntry("content.max-depth", code(content.maxDepth()))
        .containsEntry("content.max-body-size", code(Sizes.format(content.maxBodySize())))
        .containsEntry(
            "content.max-decompressed-size", code(Sizes.format(content.maxDecompressedSize())))
        .containsEntry("content.max-result-size", code(Sizes.format(content.maxResultSize())))
        .containsEntry("defaults.threads", code(QueueConfig.DEFAULT_THREADS))
        .containsEntry("shutdown-timeout", duration(WorkerConfig.DEFAULT_SHUTDOWN_TIMEOUT));
  }

  private static String duration(Duration duration) {
    return code(Durations.format(duration));
  }

  private static String code(Object value) {
    return "`" + value + "`";
  }

  @Test
  void theExampleLoads() {
    WorkerConfig config = WorkerYaml.parse("page", blocks().get(0), Map.of());

    assertThat(config.queues())
        .containsExactly(
            Map.entry("celery", new QueueConfig(8, 8)),
            Map.entry("payments", new QueueConfig(16, 32)));
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

  private static ConfigException refused(String text) {
    return refused("page", text, Map.of());
  }

  private static ConfigException refused(
      String source, String text, Map<String, String> environment) {
    return catchThrowableOfType(
        ConfigException.class, () -> WorkerYaml.parse(source, text, environment));
  }
}
