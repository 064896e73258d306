package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.JsonTypes;
import dev.stalk.broker.redis.RedisNaming;
import dev.stalk.broker.redis.RedisSentinel;
import dev.stalk.broker.redis.RedisTls;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerYamlTest {
  private static final BreakerConfig CAREFUL =
      BreakerConfig.builder()
          .failureRateThreshold(20)
          .slowCallRateThreshold(30.5f)
          .slowCallDurationThreshold(Duration.ofSeconds(2))
          .permittedNumberOfCallsInHalfOpenState(3)
          .maxWaitDurationInHalfOpenState(Duration.ofMinutes(1))
          .slidingWindowType(SlidingWindowType.TIME_BASED)
          .slidingWindowSize(60)
          .minimumNumberOfCalls(5)
          .waitDurationInOpenState(Duration.ofSeconds(10))
          .recordExceptions(List.of("java.io.IOException"))
          .ignoreExceptions(List.of("java.io.FileNotFoundException"))
          .build();

  private static WorkerConfig parse(String text) {
    return parse(text, Map.of());
  }

  private static WorkerConfig parse(String text, Map<String, String> environment) {
    return WorkerYaml.parse("worker.yaml", text, environment);
  }

  @Test
  void everyKeyOfTheFileArrives() {
    WorkerConfig config =
        WorkerYaml.load(Path.of("src/test/resources/config/complete.yaml"), Map.of());

    assertThat(config)
        .isEqualTo(
            WorkerConfig.builder()
                .name("reports")
                .broker(
                    BrokerConfig.builder()
                        .url("redis://reader:s3cret@redis.example:6380/2")
                        .resultsUrl("redis://redis.example:6381/3")
                        .resultExpires(Duration.ofDays(7))
                        .maxConnections(20)
                        .connectTimeout(Duration.ofSeconds(3))
                        .socketTimeout(Duration.ofMillis(2500))
                        .visibilityTimeout(Duration.ofHours(2))
                        .lease(Duration.ofSeconds(30))
                        .content(
                            ContentConfig.builder()
                                .taskSerializer("yaml")
                                .taskCompression("gzip")
                                .resultSerializer("msgpack")
                                .acceptContent("json", "yaml")
                                .resultAcceptContent("json", "msgpack")
                                .jsonTypes(JsonTypes.PLAIN)
                                .maxDepth(100)
                                .maxBodySize(16 << 20)
                                .maxDecompressedSize(128 << 20)
                                .maxResultSize(512 << 10)
                                .build())
                        .build())
                .queue("celery", YamlQueue.of(4, 2))
                .queue(
                    "payments",
                    QueueConfig.builder()
                        .threads(16)
                        .buffer(32)
                        .readAhead(64)
                        .memoryLimit(1 << 20)
                        .rateLimit(new RateLimit(1, Duration.ofMillis(600)))
                        .circuitBreaker(CAREFUL)
                        .build())
                .queue("mail", YamlQueue.of(4, 2))
                .queue(
                    "bulk",
                    QueueConfig.builder()
                        .queues(List.of("reports", "exports"))
                        .autoscale(new AutoscaleConfig(1, 6, Duration.ofSeconds(10)))
                        .buffer(2)
                        .rateLimit(new RateLimit(10, Duration.ofSeconds(1)))
                        .taskCircuitBreaker(BreakerConfig.builder().minimumNumberOfCalls(7).build())
                        .build())
                .queue(
                    "pool",
                    QueueConfig.builder()
                        .threads(5)
                        .coreThreads(2)
                        .buffer(9)
                        .keepAlive(Duration.ofSeconds(1))
                        .build())
                .management(new ManagementConfig("0.0.0.0", 9808))
                .shutdownTimeout(Duration.ofMinutes(1))
                .task("com.acme.MathTasks")
                .task("com.acme.mail.MailTasks")
                .build());
    assertThat(config.queues().keySet())
        .containsExactly("celery", "payments", "mail", "bulk", "pool");
  }

  @Test
  void everySettingOfConnectionsArrives() {
    BrokerConfig broker =
        parse(
                """
                broker:
                  url: sentinel://a;sentinel://b
                  global-keyprefix: "app:"
                  sep: "|"
                  priority-steps: [0, 5]
                  ssl-cert-reqs: CERT_OPTIONAL
                  ca-file: /ca.pem
                  key-file: /key.pem
                  cert-file: /cert.pem
                  check-hostname: false
                  master-name: mymaster
                  sentinel-user: joe
                  sentinel-password: s3cret
                  sentinel-tls: true
                  publish-retry:
                    { max-retries: forever, interval-start: 1s, interval-step: 2s, interval-max: 3s }
                results: { global-keyprefix: res }
                queues: { celery: }
                """)
            .broker();

    assertThat(broker)
        .isEqualTo(
            BrokerConfig.builder()
                .url("sentinel://a;sentinel://b")
                .naming(new RedisNaming("app:", "res_", "|", List.of(0, 5)))
                .tls(
                    new RedisTls(
                        RedisTls.CertReqs.OPTIONAL, "/ca.pem", "/cert.pem", "/key.pem", false))
                .sentinel(new RedisSentinel("mymaster", "joe", "s3cret", true))
                .publishRetry(
                    new PublishRetryPolicy(
                        PublishRetryPolicy.FOREVER,
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        Duration.ofSeconds(3)))
                .build());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '!',
      textBlock =
          """
          sep: ""                          | broker.sep: the separator must not be empty
          priority-steps: [3, 1]           | broker.priority-steps: priority steps must ascend: [3, 1]
          priority-steps: [a]              | broker.priority-steps: must be a whole number, not 'a'
          priority-steps: 3                | broker.priority-steps: must be a list, not a single value
          ssl-cert-reqs: never             | broker.ssl-cert-reqs: must be required, optional or none
          key-file: /k                     | broker.key-file: needs a cert-file
          check-hostname: no               | broker.check-hostname: must be true or false, not 'no'
          publish-retry: { max-retries: -1 } | broker.publish-retry.max-retries: must be a whole number or forever
          publish-retry: { interval-max: 2d } | broker.publish-retry.interval-max: must be between 0s and 1d, not 2d
          publish-retry: { max-retry: 1 }  | broker.publish-retry.max-retry: unknown key; did you mean max-retries?
          """)
  void settingOfConnectionsThatIsWrongIsNamed(String setting, String complaint) {
    assertThatThrownBy(() -> parse("broker: { %s }\nqueues: { celery: }".formatted(setting)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(complaint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "queues: { celery: {} }",
        "queues: { celery: }",
        "queues:\n  celery:",
        "queues:\n  celery: ~\nbroker:\nresults: {}\ndefaults:\ntasks:\n  # none yet\n",
        "\uFEFFqueues: { celery: {} }",
        "{ \"queues\": { \"celery\": { \"threads\": \"8\" } } }",
        "queues: { celery: { threads: !!str 8, buffer: !!int 8 } }",
        "queues:\r\n  celery: {}\r\n",
        "%YAML 1.2\n---\nqueues: { celery: {} }\n...\n"
      })
  void aFileMayNameNoMoreThanAQueue(String text) {
    assertThat(parse(text))
        .isEqualTo(WorkerConfig.builder().queue("celery", YamlQueue.of(8, 8)).build());
  }

  @Test
  void aQueueTakesWhatItDoesNotSayFromTheDefaults() {
    WorkerConfig config =
        parse(
            """
            queues:
              nothing:
              threads: { threads: 3 }
              buffer: { buffer: 4 }
              both: { threads: 5, buffer: 6 }
            defaults: { threads: 20, buffer: 10 }
            """);

    assertThat(config.queues())
        .containsExactly(
            Map.entry("nothing", YamlQueue.of(20, 10)),
            Map.entry("threads", YamlQueue.of(3, 10)),
            Map.entry("buffer", YamlQueue.of(20, 4)),
            Map.entry("both", YamlQueue.of(5, 6)));
  }

  @Test
  void theBufferFollowsTheQueuesThreadsIfItIsSetNowhere() {
    assertThat(parse("queues: { a: { threads: 16 }, b: }").queues())
        .containsExactly(Map.entry("a", YamlQueue.of(16, 16)), Map.entry("b", YamlQueue.of(8, 8)));
    assertThat(parse("{ defaults: { threads: 3 }, queues: { a: { threads: 16 }, b: } }").queues())
        .containsExactly(Map.entry("a", YamlQueue.of(16, 16)), Map.entry("b", YamlQueue.of(3, 3)));
    assertThat(parse("{ defaults: { buffer: 0 }, queues: { a: { threads: 16 } } }").queues())
        .containsExactly(Map.entry("a", YamlQueue.of(16, 0)));
  }

  @Test
  void theNameIsCompletedWithTheHost() {
    assertThat(parse("{ name: mail, queues: { celery: } }").name())
        .isEqualTo("mail@" + MessageFactory.hostName());
  }

  @Test
  void resultsGoToTheBrokerUnlessTheFileSaysOtherwise() {
    BrokerConfig broker =
        parse("{ broker: { url: \"redis://redis.example/1\" }, queues: { celery: } }").broker();

    assertThat(broker.resultsUrl()).isEqualTo("redis://redis.example/1");
  }

  @Test
  void theEnvironmentSpeaksWhereTheFileIsSilent() {
    Map<String, String> environment =
        Map.of(
            "REDIS_URL", "redis://redis.example/1",
            "REDIS_MAX_CONNECTIONS", "50",
            "REDIS_SOCKET_TIMEOUT", "1.5");

    BrokerConfig broker = parse("queues: { celery: }", environment).broker();

    assertThat(broker)
        .isEqualTo(
            BrokerConfig.builder()
                .url("redis://redis.example/1")
                .maxConnections(50)
                .socketTimeout(Duration.ofMillis(1500))
                .build());
  }

  @Test
  void theFileWinsOverTheEnvironmentWhichMayThenHoldAnything() {
    Map<String, String> environment =
        Map.of(
            "REDIS_URL", "not an address",
            "REDIS_MAX_CONNECTIONS", "many",
            "REDIS_SOCKET_TIMEOUT", "-1");

    BrokerConfig broker =
        parse(
                """
                broker:
                  url: redis://redis.example/1
                  max-connections: 3
                  socket-timeout: 1s
                queues: { celery: }
                """,
                environment)
            .broker();

    assertThat(broker)
        .isEqualTo(
            BrokerConfig.builder()
                .url("redis://redis.example/1")
                .maxConnections(3)
                .socketTimeout(Duration.ofSeconds(1))
                .build());
  }

  @Test
  void anyValueMayComeFromTheEnvironment() {
    String text =
        """
        name: ${NAME}
        broker: { url: "${REDIS_URL:redis://localhost:6379/0}", lease: "${LEASE:20s}" }
        queues:
          ${NOT_A_KEY}: { threads: "${THREADS}", buffer: "${BUFFER:7}" }
        shutdown-timeout: ${PATIENCE}s
        tasks: ["${PACKAGE:com.acme}.Tasks"]
        """;
    Map<String, String> environment =
        Map.of("NAME", "mail", "THREADS", "2", "PATIENCE", "90", "REDIS_URL", "redis://h/1");

    WorkerConfig config = parse(text, environment);

    assertThat(config)
        .isEqualTo(
            WorkerConfig.builder()
                .name("mail")
                .broker(
                    BrokerConfig.builder().url("redis://h/1").lease(Duration.ofSeconds(20)).build())
                .queue("${NOT_A_KEY}", YamlQueue.of(2, 7))
                .shutdownTimeout(Duration.ofSeconds(90))
                .task("com.acme.Tasks")
                .build());
    assertThat(
            parse(text.replace("${NAME}", "x"), Map.of("THREADS", "1", "PATIENCE", "1")).broker())
        .extracting(BrokerConfig::url)
        .isEqualTo("redis://localhost:6379/0");
  }

  @Test
  void aShorterVisibilityTimeoutGoesWithAShorterLease() {
    String text = "{ broker: { visibility-timeout: 20s, lease: 10s }, queues: { celery: } }";

    assertThat(parse(text).broker().lease()).isEqualTo(Duration.ofSeconds(10));
    assertThat(parse(text).broker().visibilityTimeout()).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void aLongerLeaseGoesWithALongerVisibilityTimeout() {
    String text = "{ broker: { lease: 2h, visibility-timeout: 4h }, queues: { celery: } }";

    assertThat(parse(text).broker().lease()).isEqualTo(Duration.ofHours(2));
  }

  @Test
  void resultsMayBeKeptForEver() {
    assertThat(parse("{ results: { expires: 0s }, queues: { celery: } }").broker().resultExpires())
        .isZero();
  }

  @Test
  void anchorsSaveTyping() {
    WorkerConfig config =
        parse("queues: { a: &small { threads: 2 }, b: *small, c: { threads: &n 3, buffer: *n } }");

    assertThat(config.queues())
        .containsExactly(
            Map.entry("a", YamlQueue.of(2, 2)),
            Map.entry("b", YamlQueue.of(2, 2)),
            Map.entry("c", YamlQueue.of(3, 3)));
  }

  @Test
  void valuesAreYaml12() {
    WorkerConfig config =
        parse("{ name: no, queues: { on: , 5: , yes: , ~x: }, tasks: [com.acme.A] }");

    assertThat(config.name()).isEqualTo("no@" + MessageFactory.hostName());
    assertThat(config.queues().keySet()).containsExactly("on", "5", "yes", "~x");
  }

  @Test
  void withoutAnEnvironmentItIsThatOfTheProcess(@TempDir Path directory) throws Exception {
    Map.Entry<String, String> variable =
        System.getenv().entrySet().stream()
            .filter(entry -> entry.getKey().matches("[A-Za-z_]\\w*"))
            .filter(entry -> entry.getValue().matches("[\\w/.:-]+"))
            .findFirst()
            .orElseThrow();
    Path file = directory.resolve("worker.yaml");
    Files.writeString(
        file,
        "{ name: \"${%s}@here\", broker: { url: \"redis://h\" }, queues: { celery: } }"
            .formatted(variable.getKey()));

    assertThat(WorkerYaml.load(file).name()).isEqualTo(variable.getValue() + "@here");
  }
}
