package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.security.MessageSecurity;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The schema that editors use says what the loader does. */
class SchemaTest {
  private static final Pattern UNKNOWN =
      Pattern.compile("(?m)^w:\\d+:\\d+: (?:(.+)\\.)?nonsense: unknown key; known keys: (.+)$");

  private final JsonNode schema = read();

  private static JsonNode read() {
    try (InputStream in = WorkerYaml.class.getResourceAsStream("worker.schema.json")) {
      return JsonMapper.shared().readTree(in);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static ConfigException refused(String text) {
    return catchThrowableOfType(ConfigException.class, () -> WorkerYaml.parse("w", text, Map.of()));
  }

  private JsonNode resolved(JsonNode node) {
    String ref = node.path("$ref").asString("");
    return ref.isEmpty() ? node : schema.at(ref.substring(1));
  }

  /** Calls for each setting with its path; a name that the user chooses is NAME. */
  private void visit(String path, JsonNode node, BiConsumer<String, JsonNode> use) {
    JsonNode type = resolved(node);
    if (type.has("properties")) {
      type.get("properties")
          .properties()
          .forEach(entry -> visit(join(path, entry.getKey()), entry.getValue(), use));
    } else if (type.path("additionalProperties").isObject()) {
      visit(join(path, "NAME"), type.get("additionalProperties"), use);
    } else {
      use.accept(path, type);
    }
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /** Every setting by its path; a name that the user chooses is NAME. */
  Map<String, JsonNode> settings() {
    Map<String, JsonNode> settings = new LinkedHashMap<>();
    visit("", schema, settings::put);
    return settings;
  }

  @Test
  void itHasExactlyTheKeysTheLoaderKnows() {
    assertThat(settings().keySet()).containsExactlyInAnyOrderElementsOf(keysOfTheLoader());
  }

  /** The loader lists them to whoever asks for a key that is like none of them. */
  static Set<String> keysOfTheLoader() {
    String parts =
        "nonsense: , thread-pool-bulkhead: { nonsense: }, bulkhead: { nonsense: }, autoscale: {"
            + " nonsense: }, rate-limiter: { nonsense: }, retry: { nonsense: }, circuit-breaker: { nonsense: },"
            + " task-circuit-breaker: { nonsense: }";
    String text =
        """
        broker: { nonsense: , publish-retry: { nonsense: } }
        results: { nonsense: }
        content: { nonsense: , security: { nonsense: } }
        management: { nonsense: }
        events: { nonsense: }
        routes: { NAME: { nonsense: } }
        defaults: { %1$s }
        configs: { NAME: { %1$s } }
        queues: { NAME: { %1$s } }
        nonsense:
        """
            .formatted(parts);
    Set<String> known = new TreeSet<>();
    Set<String> sections = new TreeSet<>(Set.of("configs", "queues", "routes"));
    Matcher matcher = UNKNOWN.matcher(refused(text).getMessage());
    while (matcher.find()) {
      String section = matcher.group(1) == null ? "" : matcher.group(1);
      sections.add(section);
      Arrays.stream(matcher.group(2).split(", "))
          .map(key -> join(section, key))
          .forEach(known::add);
    }
    known.removeAll(sections);
    return known;
  }

  @Test
  void itsDefaultsAreThoseOfTheRecords() {
    BrokerConfig broker = BrokerConfig.builder().build();
    QueueConfig queue = QueueConfig.builder().build();
    BreakerConfig breaker = BreakerConfig.builder().build();
    Map<String, Object> expected = new HashMap<>();
    expected.put("name", WorkerConfig.DEFAULT_NAME);
    expected.put("broker.url", broker.url());
    expected.put("broker.visibility-timeout", broker.visibilityTimeout());
    expected.put("broker.lease", broker.lease());
    expected.put("broker.max-deliveries", broker.maxDeliveries());
    expected.put("broker.max-connections", broker.maxConnections());
    expected.put("broker.connect-timeout", broker.connectTimeout());
    expected.put("broker.socket-timeout", broker.socketTimeout());
    expected.put("results.expires", broker.resultExpires());
    expected.put("broker.priority-steps", broker.naming().prioritySteps());
    expected.put("broker.ssl-cert-reqs", "required");
    expected.put("broker.check-hostname", true);
    expected.put("broker.sentinel-tls", false);
    expected.put("broker.inherit-parent-priority", broker.inheritParentPriority());
    PublishRetryPolicy retry = broker.publishRetry();
    expected.put("broker.publish-retry.max-retries", retry.maxRetries());
    expected.put("broker.publish-retry.interval-start", retry.intervalStart());
    expected.put("broker.publish-retry.interval-step", retry.intervalStep());
    expected.put("broker.publish-retry.interval-max", retry.intervalMax());
    ContentConfig content = broker.content();
    expected.put("content.task-serializer", content.taskSerializer());
    expected.put("content.task-compression", content.taskCompression());
    expected.put("content.result-serializer", content.resultSerializer());
    expected.put("content.accept-content", List.copyOf(content.acceptContent()));
    expected.put("content.json-types", content.jsonTypes().name().toLowerCase(Locale.ROOT));
    expected.put("content.max-depth", content.maxDepth());
    expected.put("content.max-body-size", Sizes.format(content.maxBodySize()));
    expected.put("content.max-decompressed-size", Sizes.format(content.maxDecompressedSize()));
    expected.put("content.max-result-size", Sizes.format(content.maxResultSize()));
    expected.put("content.security.digest", MessageSecurity.DEFAULT_DIGEST);
    expected.put("content.security.layout", MessageSecurity.DEFAULT_LAYOUT);
    expected.put("content.security.serializer", MessageSecurity.DEFAULT_SERIALIZER);
    expected.put("routes.NAME.exchange-type", "direct");
    expected.put("shutdown-timeout", WorkerConfig.DEFAULT_SHUTDOWN_TIMEOUT);
    expected.put("management.address", ManagementConfig.DEFAULT_ADDRESS);
    expected.put("events.task", WorkerEventsConfig.NONE.task());
    expected.put("events.heartbeat", WorkerEventsConfig.NONE.effectiveHeartbeat());
    expected.put("events.task-sent", broker.events().taskSent());
    expected.put("events.exchange", broker.events().exchange());
    expected.put("events.memory-limit", Sizes.format(broker.events().memoryLimit()));
    for (String section : new String[] {"defaults.", "configs.NAME.", "queues.NAME."}) {
      expected.put(
          section + "queue-order-strategy", queue.queueOrder().name().toLowerCase(Locale.ROOT));
      expected.put(section + "threads", queue.threads());
      expected.put(section + "read-ahead", queue.readAhead());
      expected.put(section + "virtual-threads", queue.type() == BulkheadType.SEMAPHORE);
      expected.put(section + "thread-pool-bulkhead.max-thread-pool-size", queue.threads());
      expected.put(section + "thread-pool-bulkhead.keep-alive-duration", queue.keepAlive());
      expected.put(section + "bulkhead.max-concurrent-calls", queue.threads());
      expected.put(section + "autoscale.min-threads", 1);
      expected.put(section + "autoscale.keep-alive", AutoscaleConfig.DEFAULT_KEEP_ALIVE);
      expected.put(section + "memory-limit", Sizes.format(queue.memoryLimit()));
      expected.put(section + "rate-limiter.limit-for-period", 50);
      expected.put(section + "rate-limiter.limit-refresh-period", Duration.ofSeconds(1));
      expected.put(section + "ack", queue.tasks().ack().name().toLowerCase(Locale.ROOT));
      expected.put(section + "track-started", queue.tasks().trackStarted());
      expected.put(
          section + "store-errors-even-if-ignored", queue.tasks().storeErrorsEvenIfIgnored());
      expected.put(section + "result-extended", queue.tasks().resultExtended());
      expected.put(
          section + "deduplicate-successful-tasks", queue.tasks().deduplicateSuccessfulTasks());
      expected.put(section + "retry.max-retries", RetryConfig.DEFAULT.maxRetries());
      expected.put(section + "retry.delay", RetryConfig.DEFAULT.delay());
      expected.put(section + "retry.backoff-max", RetryConfig.DEFAULT.backoffMax());
      expected.put(section + "retry.jitter", RetryConfig.DEFAULT.jitter());
      for (String kind : new String[] {"circuit-breaker.", "task-circuit-breaker."}) {
        String b = section + kind;
        expected.put(b + "enabled", true);
        expected.put(b + "failure-rate-threshold", (int) breaker.failureRateThreshold());
        expected.put(b + "slow-call-rate-threshold", (int) breaker.slowCallRateThreshold());
        expected.put(b + "slow-call-duration-threshold", breaker.slowCallDurationThreshold());
        expected.put(
            b + "permitted-number-of-calls-in-half-open-state",
            breaker.permittedNumberOfCallsInHalfOpenState());
        expected.put(
            b + "max-wait-duration-in-half-open-state", breaker.maxWaitDurationInHalfOpenState());
        expected.put(b + "sliding-window-type", breaker.slidingWindowType().name());
        expected.put(b + "sliding-window-size", breaker.slidingWindowSize());
        expected.put(b + "minimum-number-of-calls", breaker.minimumNumberOfCalls());
        expected.put(b + "wait-duration-in-open-state", breaker.waitDurationInOpenState());
      }
    }
    Map<String, String> found = new HashMap<>();
    settings()
        .forEach(
            (path, node) -> {
              if (node.has("default")) {
                found.put(path, comparable(textOf(node.get("default"))));
              }
            });

    Map<String, String> wanted = new HashMap<>();
    expected.forEach((path, value) -> wanted.put(path, comparable(text(value))));
    assertThat(found).isEqualTo(wanted);
  }

  static String textOf(JsonNode value) {
    return value.isArray()
        ? value.valueStream().map(JsonNode::asString).toList().toString()
        : value.asString();
  }

  private static String text(Object value) {
    return value instanceof Duration duration ? Durations.format(duration) : value.toString();
  }

  /** 60s and 1m are the same. */
  private static String comparable(String text) {
    return text.matches("\\d+(ms|s|m|h|d)") ? Durations.parse(text).toString() : text;
  }

  @Test
  void itsRangesAreThoseOfTheRecords() {
    settings()
        .forEach(
            (path, node) -> {
              if (node.has("x-minimum")) {
                assertEnds(
                    path, node.get("x-minimum").asString(), node.get("x-maximum").asString());
              } else if (node.path("anyOf").path(0).path("type").asString("").equals("integer")) {
                JsonNode integer = node.get("anyOf").get(0);
                long least = integer.get("minimum").asLong();
                long most = integer.get("maximum").asLong();
                assertEnds(path, least + "", most + "");
                assertRefused(path, least - 1 + "");
                assertRefused(path, most + 1 + "");
              }
            });
  }

  private static void assertEnds(String path, String least, String most) {
    for (String end : new String[] {least, most}) {
      if ((path.equals("broker.lease") && end.equals(most))
          || (path.endsWith("bulkhead.max-concurrent-calls") && Runtime.version().feature() < 21)) {
        continue; // bounded by the visibility timeout; refused for another reason
      }
      assertThatCode(() -> WorkerYaml.parse("w", with(path, end), Map.of()))
          .as(path + ": " + end)
          .doesNotThrowAnyException();
    }
    if (!least.equals("0s") && least.matches("\\d+[a-zA-Z]+")) {
      assertRefused(path, least.endsWith("B") ? "1B" : "0s");
    }
    if (most.equals("1d")) {
      assertRefused(path, "86401s");
    }
  }

  private static void assertRefused(String path, String value) {
    ConfigException refused = refused(with(path, value));
    assertThat(refused).as(path + ": " + value).isNotNull();
    assertThat(refused.problems())
        .as(path + ": " + value)
        .anySatisfy(problem -> assertThat(problem.path()).isEqualTo(path));
  }

  /** A file that is complete and has this value. Other values leave it the room it needs. */
  private static String with(String path, String value) {
    String text = "%s";
    for (String key : path.split("\\.", -1)) {
      text = text.formatted("{ " + key + ": %s }");
    }
    text = text.formatted(value);
    if (path.endsWith("core-thread-pool-size")) {
      text = text.replace("{ core-thread", "{ max-thread-pool-size: 10000, core-thread");
    }
    if (path.endsWith("min-threads")) {
      text = text.replace("{ min-threads", "{ max-threads: 10000, min-threads");
    }
    if (path.equals("broker.visibility-timeout")) {
      text = text.replace("{ visibility", "{ lease: 1s, visibility");
    }
    return path.startsWith("queues.") ? text : "{ queues: { a: }, " + text.substring(2);
  }

  @Test
  void itsWordsAreThoseOfTheRecords() {
    JsonNode words = schema.at("/definitions/circuit-breaker/properties/sliding-window-type/enum");

    assertThat(words.valueStream().map(JsonNode::asString))
        .containsExactlyElementsOf(
            Arrays.stream(SlidingWindowType.values()).map(Enum::name).toList());
  }

  @Test
  void itsWaysToAcknowledgeAreThoseOfTheRecords() {
    assertThat(schema.at("/definitions/ack/enum").valueStream().map(JsonNode::asString))
        .containsExactlyElementsOf(
            Arrays.stream(AckMode.values()).map(m -> m.name().toLowerCase(Locale.ROOT)).toList());
  }

  @Test
  void itRefusesUnknownKeysEverywhere() {
    assertClosed(schema);
    schema.get("definitions").forEach(this::assertClosed);
  }

  private void assertClosed(JsonNode node) {
    if (node.has("properties")) {
      assertThat(node.path("additionalProperties").asBoolean(true)).isFalse();
      node.get("properties").forEach(this::assertClosed);
    } else if (node.path("additionalProperties").isObject()) {
      assertClosed(node.get("additionalProperties"));
    }
  }
}
