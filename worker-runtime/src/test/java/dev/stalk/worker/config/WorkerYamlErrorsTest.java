package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerYamlErrorsTest {
  private static final String QUEUES = "queues: { celery: }\n";

  private static ConfigException refused(String text) {
    return refused(text, Map.of());
  }

  private static ConfigException refused(String text, Map<String, String> environment) {
    return catchThrowableOfType(
        ConfigException.class, () -> WorkerYaml.parse("worker.yaml", text, environment));
  }

  @Test
  void allProblemsOfAFileAreToldAtOnceInItsOrder() {
    ConfigException refused =
        refused(
            """
            name: two words
            broker:
              urll: redis://localhost
              lease: 20
              max-connections: 0
            defaults: { threads: 8.5 }
            queues:
              payments:
                thraeds: 16
                buffer: [1]
              reports: 5
              mail:
                ack: soon
            shutdown-timeout: 1w
            tasks:
              - com.acme.MathTasks
              - com acme
            colour: green
            """);

    assertThat(refused)
        .hasMessage(
            """
            worker.yaml:1:7: name: must look like celery@%h, without blanks and other percent signs
            worker.yaml:3:3: broker.urll: unknown key; did you mean url?
            worker.yaml:4:10: broker.lease: the unit is missing: put ms, s, m, h or d behind the number, as in 20s, not '20'
            worker.yaml:5:20: broker.max-connections: must be between 1 and 10000, not 0
            worker.yaml:6:22: defaults.threads: must be a whole number, not '8.5'
            worker.yaml:9:5: queues.payments.thraeds: unknown key; did you mean threads?
            worker.yaml:10:13: queues.payments.buffer: must be a whole number, not a list
            worker.yaml:11:12: queues.reports: must be a mapping, not a single value
            worker.yaml:13:10: queues.mail.ack: must be late or early
            worker.yaml:14:19: shutdown-timeout: must be a whole number and a unit (ms, s, m, h or d), as in 20s, not '1w'
            worker.yaml:17:5: tasks[1]: a task must be the full name of a class, as in com.acme.MathTasks
            worker.yaml:18:1: colour: unknown key; known keys: name, broker, results, content, routes, defaults, configs, queues, shutdown-timeout, management, tasks, events""");
    assertThat(refused.problems()).hasSize(12);
    assertThat(refused.problems().get(5))
        .isEqualTo(
            new Problem(
                "worker.yaml",
                9,
                5,
                "queues.payments.thraeds",
                "unknown key; did you mean threads?"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "threads: many          | 18 | threads: must be a whole number, not 'many'",
        "threads: true          | 18 | threads: must be a whole number, not 'true'",
        "threads: 0x10          | 18 | threads: must be a whole number, not '0x10'",
        "threads: 1_000         | 18 | threads: must be a whole number, not '1_000'",
        "threads: 1e3           | 18 | threads: must be a whole number, not '1e3'",
        "threads: ''            | 18 | threads: must be a whole number, not ''",
        "threads: 99999999999   | 18 | threads: must not have so many digits, not '99999999999'",
        "threads: 0             | 18 | threads: must be between 1 and 10000, not 0",
        "threads: -1            | 18 | threads: must be between 1 and 10000, not -1",
        "threads: 10001         | 18 | threads: must be between 1 and 10000, not 10001",
        "threads: { a: 1 }      | 18 | threads: must be a whole number, not a mapping",
        "threads: !java/x 5     | 18 | threads: must be a whole number, not a value with a tag",
        "threads:               | 17 | threads: has no value",
        "threads: ~             | 18 | threads: has no value",
        "buffer: -1             | 17 | buffer: must be between 0 and 100000, not -1",
        "read-ahead: -1         | 21 | read-ahead: must be between 0 and 100000, not -1",
        "buffer: 100001         | 17 | buffer: must be between 0 and 100000, not 100001",
        "ack: now               | 14 | ack: must be late or early",
        "time-limit: 0s         | 21 | time-limit: must be between 1ms and 365d, not 0s",
        "time-limit: 366d       | 21 | time-limit: must be between 1ms and 365d, not 366d",
        "soft-time-limit: 5     | 26 | soft-time-limit: the unit is missing: put ms, s, m, h or d behind the number, as in 20s, not '5'",
        "track-started: yes     | 24 | track-started: must be true or false, not 'yes'",
        "hard-time-limit: 5s    | 9  | hard-time-limit: unknown key; did you mean time-limit?",
        "rate-limit: 100/d      | 21 | rate-limit: must be a number and a unit (/s, /m or /h) as in 100/m; 0 is for no limit",
        "rate-limit: -1         | 21 | rate-limit: must be a number and a unit (/s, /m or /h) as in 100/m; 0 is for no limit",
        "memory-limit: 64       | 23 | memory-limit: the unit is missing: put B, KiB, MiB or GiB behind the number, as in 64MiB, not '64'",
        "memory-limit: 64MB     | 23 | memory-limit: must be a whole number and a unit (B, KiB, MiB or GiB), as in 64MiB, not '64MB'",
        "memory-limit: 1B       | 23 | memory-limit: must be between 1KiB and 1024GiB, not 1B",
        "virtual-threads: maybe | 26 | virtual-threads: must be true or false, not 'maybe'",
        "base-config: x         | 22 | base-config: no configuration is called x; there are none",
        "autoscale: { min-threads: 0 } | 35 | autoscale.min-threads: must be between 1 and 10000, not 0",
        "autoscale: { min-threads: 3, max-threads: 2 } | 20 | autoscale: min-threads must be at most max-threads (2), not 3",
        "circuit-breaker: { failure-rate-threshold: 0 } | 52 | circuit-breaker.failure-rate-threshold: must be a percentage above 0 and at most 100, not 0.0",
        "circuit-breaker: { sliding-window-type: LAST } | 49 | circuit-breaker.sliding-window-type: must be one of COUNT_BASED, TIME_BASED, not 'LAST'",
        "circuit-breaker: { record-exceptions: [a b] } | 48 | circuit-breaker.record-exceptions[0]: an exception must be the full name of a class, as in java.io.IOException",
        "circuit-breaker: { failure-threshold: 5 } | 28 | circuit-breaker.failure-threshold: unknown key; did you mean failure-rate-threshold?",
        "prefetch: 8            | 9  | prefetch: unknown key; known keys: base-config, queues, queue-order-strategy, virtual-threads, threads, buffer, read-ahead, thread-pool-bulkhead, bulkhead, autoscale, memory-limit, rate-limit, rate-limiter, ack, soft-time-limit, time-limit, track-started, store-errors-even-if-ignored, result-extended, deduplicate-successful-tasks, retry, circuit-breaker, task-circuit-breaker"
      })
  void aQueuesSettingIsRefusedWithItsReason(String setting, int column, String expected) {
    String text = "queues: {\n  mail: {\n        " + setting + "\n} }";

    assertThat(refused(text)).hasMessage("worker.yaml:3:" + column + ": queues.mail." + expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "broker: { lease: 500ms } | 18 | broker.lease: must be between 1s and half the visibility timeout, so that Python workers never restore what a Java worker still renews, not 500ms",
        "broker: { lease: 31m } | 18 | broker.lease: must be between 1s and half the visibility timeout, so that Python workers never restore what a Java worker still renews, not 31m",
        "broker: { visibility-timeout: 1m } | 31 | broker.visibility-timeout: lease must be between 1s and half the visibility timeout, so that Python workers never restore what a Java worker still renews, not 1m",
        "broker: { visibility-timeout: 1s } | 31 | broker.visibility-timeout: must be at least 2s, not 1s",
        "broker: { connect-timeout: 5ms } | 28 | broker.connect-timeout: must be between 10ms and 1d, not 5ms",
        "broker: { socket-timeout: 25h } | 27 | broker.socket-timeout: must be between 10ms and 1d, not 25h",
        "broker: { max-connections: 10001 } | 28 | broker.max-connections: must be between 1 and 10000, not 10001",
        "broker: { url: 'http://h/0' } | 16 | broker.url: not a Redis address: the scheme is not one of redis, rediss, redis+socket, sentinel. An address looks like redis://user:password@host:6379/0",
        "broker: redis://localhost | 9 | broker: must be a mapping, not a single value",
        "results: { expires: 1500ms } | 21 | results.expires: must be whole seconds, as Redis counts them",
        "results: { url: '' } | 17 | results.url: not a Redis address: it has no scheme. An address looks like redis://user:password@host:6379/0",
        "results: [] | 10 | results: must be a mapping, not a list",
        "results: !!set { a } | 10 | results: must be a mapping, not a mapping with a tag",
        "defaults: { queues: [a] } | 13 | defaults.queues: unknown key; known keys: queue-order-strategy, virtual-threads, threads, buffer, read-ahead, thread-pool-bulkhead, bulkhead, autoscale, memory-limit, rate-limit, rate-limiter, ack, soft-time-limit, time-limit, track-started, store-errors-even-if-ignored, result-extended, deduplicate-successful-tasks, retry, circuit-breaker, task-circuit-breaker",
        "defaults: { soft-time-limit: 2m, time-limit: 1m } | 46 | defaults.time-limit: soft-time-limit 2m must not be longer than time-limit 1m",
        "shutdown-timeout: 86401s | 19 | shutdown-timeout: must be between 0s and 1d, not 86401s",
        "shutdown-timeout: 1000000d | 19 | shutdown-timeout: must be at most 36500d, not '1000000d'",
        "tasks: com.acme.Tasks | 8 | tasks: must be a list, not a single value",
        "tasks: { a: b } | 8 | tasks: must be a list, not a mapping",
        "tasks: !!omap [] | 8 | tasks: must be a list, not a list with a tag",
        "tasks: [[a]] | 9 | tasks[0]: must be a text, not a list",
        "tasks: [a, ~] | 12 | tasks[1]: has no value",
        "name: | 6 | name: has no value",
        "name: '' | 7 | name: must look like celery@%h, without blanks and other percent signs",
        "name: ${HOME_OF_NOBODY} | 7 | name: the environment variable HOME_OF_NOBODY is not set; ${HOME_OF_NOBODY:...} would give it a default",
        "name: a${b | 7 | name: has a ${ that begins neither ${NAME} nor ${NAME:default}",
        "name: a\tb | 7 | name: must look like celery@%h, without blanks and other percent signs",
        "? [a] | 3 | a key must be a text without a tag",
        "~: a | 1 | a key must be a text without a tag",
        "!x name: a | 1 | a key must be a text without a tag",
        "<<: { name: a } | 1 | merge keys (<<) are not supported",
        "two words: a | 1 | 'two words': unknown key; known keys: name, broker, results, content, routes, defaults, configs, queues, shutdown-timeout, management, tasks, events"
      })
  void aValueIsRefusedWithItsReason(String line, int column, String expected) {
    assertThat(refused(QUEUES + line)).hasMessage("worker.yaml:2:" + column + ": " + expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name: a | 1:1",
        "broker: {} | 1:1",
        "queues: | 1:8",
        "queues: {} | 1:9",
        "queues: ~ | 1:9"
      })
  void aFileWithoutQueuesIsRefused(String text, String place) {
    assertThat(refused(text))
        .hasMessage("worker.yaml:" + place + ": queues: must have at least one entry");
  }

  @Test
  void queuesAreAMapping() {
    assertThat(refused("queues: [celery]"))
        .hasMessage("worker.yaml:1:9: queues: must be a mapping, not a list");
  }

  @Test
  void aQueueNeedsAName() {
    assertThat(refused("queues:\n  ' ': { thread: 1 }"))
        .hasMessage(
            """
            worker.yaml:2:3: queues.' ': a queue needs a name without control characters
            worker.yaml:2:10: queues.' '.thread: unknown key; did you mean threads?""");
  }

  @Test
  void aKeyMayStandOnlyOnce() {
    assertThat(
            refused(
                """
                queues:
                  celery: { threads: 1 }
                  mail: { threads: 1, buffer: 1, threads: 2 }
                  celery: { threads: 3 }
                queues: { more: {} }
                """))
        .hasMessage(
            """
            worker.yaml:3:34: queues.mail.threads: duplicate key; the first is in line 3
            worker.yaml:4:3: queues.celery: duplicate key; the first is in line 2
            worker.yaml:5:1: queues: duplicate key; the first is in line 1""");
  }

  @Test
  void mergeKeysDoNotBecomeQueues() {
    assertThat(refused("queues:\n  <<: { threads: 3 }\n  celery: { '<<': 1 }"))
        .hasMessage(
            """
            worker.yaml:2:3: queues: merge keys (<<) are not supported
            worker.yaml:3:13: queues.celery: merge keys (<<) are not supported""");
    assertThat(refused("queues: { celery: { !!merge x: { threads: 1 } } }"))
        .hasMessage("worker.yaml:1:21: merge keys are not supported");
  }

  @Test
  void aQueueThatIsItsOwnAliasEndsSomewhere() {
    assertThat(refused("queues: &all\n  celery: *all"))
        .hasMessage(
            "worker.yaml:2:3: queues.celery.celery: unknown key; known keys: base-config, queues, queue-order-strategy, virtual-threads, threads, buffer, read-ahead, thread-pool-bulkhead, bulkhead, autoscale, memory-limit, rate-limit, rate-limiter, ack, soft-time-limit, time-limit, track-started, store-errors-even-if-ignored, result-extended, deduplicate-successful-tasks, retry, circuit-breaker, task-circuit-breaker");
  }

  @Test
  void whatTheEnvironmentGetsWrongIsToldBesideTheFilesProblems() {
    ConfigException refused =
        refused(
            "queues: { celery: }\nnmae: x",
            Map.of(
                "REDIS_URL", "https://:hush@host",
                "REDIS_MAX_CONNECTIONS", "many",
                "REDIS_SOCKET_TIMEOUT", "0.001"));

    assertThat(refused)
        .hasMessage(
            """
            environment: REDIS_URL: not a Redis address: the scheme is not one of redis, rediss, redis+socket, sentinel. An address looks like redis://user:password@host:6379/0
            environment: REDIS_MAX_CONNECTIONS: is not a number
            environment: REDIS_SOCKET_TIMEOUT: socket-timeout must be between 10ms and 1d, not 1ms
            worker.yaml:2:1: nmae: unknown key; did you mean name?""");
    assertThat(refused.problems().get(0))
        .isEqualTo(
            new Problem("environment", 0, 0, "REDIS_URL", refused.problems().get(0).message()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "# only a comment\n", "\uFEFF", "---"})
  void anEmptyFileIsRefused(String text) {
    assertThat(refused(text).problems()).hasSize(1);
    assertThat(refused(text))
        .message()
        .matches(
            "worker.yaml:1:[14]: (is empty; a worker needs at least one queue|queues: must have at least one entry)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"celery", "- celery", "[]"})
  void aFileIsAMapping(String text) {
    assertThat(refused(text)).message().startsWith("worker.yaml:1:1: must be a mapping, not a ");
  }
}
