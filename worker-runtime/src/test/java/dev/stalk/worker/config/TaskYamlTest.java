package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskYamlTest {

  private static TaskConfig tasks(String text) {
    WorkerConfig config = WorkerYaml.parse("worker.yaml", text, Map.of());
    return config.queues().get("mail").tasks();
  }

  @Test
  void whatIsNotSaidIsAsUsual() {
    assertThat(tasks("queues: { mail: }")).isEqualTo(TaskConfig.DEFAULT);
    assertThat(TaskConfig.DEFAULT.ack()).isEqualTo(AckMode.LATE);
    assertThat(TaskConfig.DEFAULT.timeLimit()).isNull();
  }

  @Test
  void everythingCanBeSaid() {
    assertThat(
            tasks(
                """
                queues:
                  mail:
                    ack: early
                    soft-time-limit: 20s
                    time-limit: 1m
                    track-started: true
                    store-errors-even-if-ignored: true
                    result-extended: true
                    deduplicate-successful-tasks: true
                    retry:
                      max-retries: forever
                      delay: 5s
                      backoff: 2s
                      backoff-max: 1m
                      jitter: false
                      auto-retry-for: [java.io.IOException]
                      dont-auto-retry-for: [java.io.FileNotFoundException]
                """))
        .isEqualTo(
            new TaskConfig(
                AckMode.EARLY,
                Duration.ofSeconds(20),
                Duration.ofMinutes(1),
                true,
                true,
                true,
                true,
                new RetryConfig(
                    RetryConfig.FOREVER,
                    Duration.ofSeconds(5),
                    Duration.ofSeconds(2),
                    Duration.ofMinutes(1),
                    false,
                    List.of("java.io.IOException"),
                    List.of("java.io.FileNotFoundException"))));
  }

  @Test
  void retriesAreInheritedKeyByKey() {
    RetryConfig retry =
        tasks(
                """
                defaults: { retry: { max-retries: 7, delay: 1s, auto-retry-for: [a.B] } }
                configs: { patient: { retry: { delay: 1h, jitter: false } } }
                queues: { mail: { base-config: patient, retry: { max-retries: 0 } } }
                """)
            .retry();

    assertThat(retry)
        .isEqualTo(
            RetryConfig.builder()
                .maxRetries(0)
                .delay(Duration.ofHours(1))
                .jitter(false)
                .autoRetryFor(List.of("a.B"))
                .build());
  }

  @Test
  void whatIsNoRetrySettingIsRefusedAtItsPlace() {
    assertThatThrownBy(
            () ->
                tasks(
                    """
                    queues:
                      mail:
                        retry:
                          max-retries: often
                          delay: 366d
                          auto-retry-for: [no class]
                    """))
        .hasMessage(
            """
            worker.yaml:4:20: queues.mail.retry.max-retries: must be a whole number or forever
            worker.yaml:5:14: queues.mail.retry.delay: must be between 0s and 365d, not 366d
            worker.yaml:6:24: queues.mail.retry.auto-retry-for[0]: an exception must be the full name of a class, as in java.io.IOException""");
  }

  @Test
  void aQueueChangesWhatTheDefaultsSay() {
    TaskConfig tasks =
        tasks(
            """
            defaults: { ack: early, time-limit: 30s, track-started: true }
            queues: { mail: { soft-time-limit: 1m, time-limit: 2m, track-started: false } }
            """);

    assertThat(tasks.ack()).isEqualTo(AckMode.EARLY);
    assertThat(tasks.softTimeLimit()).isEqualTo(Duration.ofMinutes(1));
    assertThat(tasks.timeLimit()).isEqualTo(Duration.ofMinutes(2));
    assertThat(tasks.trackStarted()).isFalse();
  }
}
