package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
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
                """))
        .isEqualTo(
            new TaskConfig(
                AckMode.EARLY,
                Duration.ofSeconds(20),
                Duration.ofMinutes(1),
                true,
                true,
                true,
                true));
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
