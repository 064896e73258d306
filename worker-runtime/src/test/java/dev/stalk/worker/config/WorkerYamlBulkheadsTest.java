package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a file says of its compartments, and how it says it once for many. */
class WorkerYamlBulkheadsTest {

  private static QueueConfig queue(String text) {
    return WorkerYaml.parse("worker.yaml", text, Map.of()).queues().values().iterator().next();
  }

  private static ConfigException refused(String text) {
    return catchThrowableOfType(
        ConfigException.class, () -> WorkerYaml.parse("worker.yaml", text, Map.of()));
  }

  @Test
  void aQueueTakesFromItsBaseWhatItDoesNotSayAndFromTheDefaultsWhatTheBaseDoesNotSay() {
    QueueConfig queue =
        queue(
            """
            defaults: { threads: 1, buffer: 1, memory-limit: 1MiB, rate-limit: 1/s }
            configs:
              wide: { threads: 2, buffer: 2, memory-limit: 2MiB }
              wider: { base-config: wide, threads: 3, buffer: 3 }
            queues:
              mail: { base-config: wider, threads: 4 }
            """);

    assertThat(queue.threads()).isEqualTo(4);
    assertThat(queue.buffer()).isEqualTo(3);
    assertThat(queue.memoryLimit()).isEqualTo(2 << 20);
    assertThat(queue.rateLimit()).isEqualTo(new RateLimit(1, Duration.ofSeconds(1)));
  }

  @Test
  void aBreakerIsLaidOverTheInheritedOneSettingBySetting() {
    QueueConfig queue =
        queue(
            """
            defaults:
              circuit-breaker: { failure-rate-threshold: 10, sliding-window-size: 20 }
            queues:
              mail: { circuit-breaker: { sliding-window-size: 30 } }
            """);

    assertThat(queue.circuitBreaker())
        .isEqualTo(BreakerConfig.builder().failureRateThreshold(10).slidingWindowSize(30).build());
  }

  @Test
  void whatIsInheritedCanBeSwitchedOff() {
    QueueConfig queue =
        queue(
            """
            defaults:
              circuit-breaker: {}
              task-circuit-breaker:
              rate-limit: 5/s
            queues:
              mail: { circuit-breaker: { enabled: false }, rate-limit: 0 }
            """);

    assertThat(queue.circuitBreaker()).isNull();
    assertThat(queue.rateLimit()).isNull();
    assertThat(queue.taskCircuitBreaker()).isEqualTo(BreakerConfig.builder().build());
  }

  @Test
  void threadsOfItsOwnEndInheritedAutoscaling() {
    QueueConfig queue =
        queue("{ defaults: { autoscale: { max-threads: 9 } }, queues: { mail: { threads: 2 } } }");

    assertThat(queue).isEqualTo(YamlQueue.of(2, 2));
  }

  @Test
  void autoscalingIsLaidOverTheInheritedBounds() {
    QueueConfig queue =
        queue(
            """
            defaults: { autoscale: { min-threads: 2, max-threads: 9, keep-alive: 5s } }
            queues: { mail: { autoscale: { max-threads: 4 } } }
            """);

    assertThat(queue.autoscale()).isEqualTo(new AutoscaleConfig(2, 4, Duration.ofSeconds(5)));
    assertThat(queue.threads()).isEqualTo(4);
  }

  @Test
  void autoscalingWithoutAMaximumGoesUpToTheInheritedThreads() {
    assertThat(queue("{ defaults: { threads: 5 }, queues: { mail: { autoscale: } } }").autoscale())
        .isEqualTo(new AutoscaleConfig(1, 5, AutoscaleConfig.DEFAULT_KEEP_ALIVE));
  }

  @Test
  void resiliencesNamesMeanTheSameAsTheShortOnes() {
    assertThat(
            queue(
                "queues: { mail: { thread-pool-bulkhead: { max-thread-pool-size: 3, queue-capacity: 4 } } }"))
        .isEqualTo(YamlQueue.of(3, 4));
    assertThat(queue("queues: { mail: { thread-pool-bulkhead: { max-thread-pool-size: 3 } } }"))
        .isEqualTo(YamlQueue.of(3, 3));
  }

  @Test
  void aGroupServesTheQueuesItListsAndNoOther() {
    WorkerConfig config =
        WorkerYaml.parse(
            "worker.yaml", "queues: { mail: , bulk: { queues: [exports, reports] } }", Map.of());

    assertThat(config.queues().get("mail").queuesOf("mail")).containsExactly("mail");
    assertThat(config.queues().get("bulk").queuesOf("bulk")).containsExactly("exports", "reports");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "queues: { a: { queues: [b] }, b: } | worker.yaml: queues: b is served by both a and b; leave one out",
        "queues: { a: { queues: [x, x] } } | worker.yaml:1:14: queues.a: queues must not name a queue twice",
        "queues: { a: { queues: x } } | worker.yaml:1:24: queues.a.queues: must be a list, not a single value",
        "queues: { a: { queues: [' '] } } | worker.yaml:1:25: queues.a.queues[0]: a queue needs a name without control characters",
        "{ configs: { small: }, queues: { a: { base-config: smal } } } | worker.yaml:1:52: queues.a.base-config: no configuration is called smal; did you mean small?",
        "{ configs: { x: { base-config: x } }, queues: { a: } } | worker.yaml:1:32: configs.x.base-config: builds upon itself through x",
        "{ configs: { x: { base-config: y }, y: { base-config: x } }, queues: { a: } } | worker.yaml:1:55: configs.y.base-config: builds upon itself through x",
        "{ configs: { x: { treads: 1 } }, queues: { a: } } | worker.yaml:1:19: configs.x.treads: unknown key; did you mean threads?",
        "{ configs: [x], queues: { a: } } | worker.yaml:1:12: configs: must be a mapping, not a list",
        "queues: { a: { threads: 2, thread-pool-bulkhead: { max-thread-pool-size: 2 } } } | worker.yaml:1:74: queues.a.thread-pool-bulkhead.max-thread-pool-size: says the same as threads; leave one of them out",
        "queues: { a: { buffer: 2, thread-pool-bulkhead: { queue-capacity: 2 } } } | worker.yaml:1:67: queues.a.thread-pool-bulkhead.queue-capacity: says the same as buffer; leave one of them out",
        "queues: { a: { threads: 2, autoscale: {} } } | worker.yaml:1:39: queues.a.autoscale: takes the place of threads; leave one of them out",
        "queues: { a: { rate-limit: 2, rate-limiter: {} } } | worker.yaml:1:45: queues.a.rate-limiter: a queue has either rate-limit or rate-limiter; leave one out",
        "queues: { a: { threads: 2, thread-pool-bulkhead: { core-thread-pool-size: 3 } } } | worker.yaml:1:14: queues.a: core-thread-pool-size must be at most threads (2), not 3",
        "{ queues: { a: }, management: { port: 65536 } } | worker.yaml:1:39: management.port: must be between 0 and 65535, not 65536",
        "{ queues: { a: }, management: { address: 'a b' } } | worker.yaml:1:42: management.address: must be a local address or host name, as in 127.0.0.1 or 0.0.0.0"
      })
  void whatContradictsItselfIsRefused(String text, String expected) {
    assertThat(refused(text)).hasMessage(expected);
  }

  @Test
  void virtualThreadsAreRefusedWhereTheJvmHasNone() {
    int version = Runtime.version().feature();
    String text = "queues: { a: { virtual-threads: true, threads: 200 } }";

    if (version >= 21) {
      assertThat(queue(text).type()).isEqualTo(BulkheadType.SEMAPHORE);
      assertThat(queue("queues: { a: { bulkhead: { max-concurrent-calls: 200 } } }"))
          .isEqualTo(queue(text));
    } else {
      assertThat(refused(text))
          .hasMessage(
              "worker.yaml:1:33: queues.a.virtual-threads: virtual threads need a JVM of version 21 or newer, and this is version %d"
                  .formatted(version));
      assertThat(refused("queues: { a: { bulkhead: {} } }"))
          .message()
          .contains("virtual threads need a JVM of version 21");
    }
  }

  @Test
  void withoutAPortThereIsNoManagement() {
    assertThat(WorkerYaml.parse("w", "{ queues: { a: }, management: }", Map.of()).management())
        .isNull();
    assertThat(
            WorkerYaml.parse("w", "{ queues: { a: }, management: { port: 1 } }", Map.of())
                .management())
        .isEqualTo(new ManagementConfig("127.0.0.1", 1));
  }

  @Test
  void theSameComesFromCodeWithTheSameChecks() {
    QueueConfig fromCode =
        QueueConfig.builder()
            .threads(4)
            .queues(List.of("x", "y"))
            .rateLimit(RateLimit.parse("10/s"))
            .circuitBreaker(BreakerConfig.builder().failureRateThreshold(25).build())
            .build();

    assertThat(
            queue(
                "queues: { a: { queues: [x, y], threads: 4, rate-limit: 10/s, circuit-breaker: { failure-rate-threshold: 25 } } }"))
        .isEqualTo(fromCode);
    assertThat(fromCode.toBuilder().build()).isEqualTo(fromCode);
  }
}
