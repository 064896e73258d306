package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.EventConfig;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkerEventsConfigTest {
  private static WorkerConfig read(String events) {
    return WorkerYaml.parse("w", "queues: { q: }\nevents: { %s }".formatted(events), Map.of());
  }

  @Test
  void nothingIsToldUnlessAskedFor() {
    WorkerConfig silent = WorkerYaml.parse("w", "queues: { q: }", Map.of());

    assertThat(silent.events()).isEqualTo(WorkerEventsConfig.NONE);
    assertThat(silent.events().isAny()).isFalse();
    assertThat(silent.broker().events()).isEqualTo(EventConfig.DEFAULT);
  }

  @Test
  void whoTellsOfTasksAlsoTellsThatItLivesUnlessToldNotTo() {
    assertThat(read("task: true").events().effectiveHeartbeat()).isEqualTo(Duration.ofSeconds(2));
    assertThat(read("task: true, heartbeat: 5s").events().effectiveHeartbeat())
        .isEqualTo(Duration.ofSeconds(5));
    assertThat(read("task: true, heartbeat: 0s").events().effectiveHeartbeat()).isZero();
    assertThat(read("heartbeat: 3s").events().isAny()).isTrue();
    assertThat(read("heartbeat: 3s").events().task()).isFalse();
  }

  @Test
  void theFileSaysHowEventsTravel() {
    assertThat(read("task-sent: true, exchange: mine, memory-limit: 1MiB").broker().events())
        .isEqualTo(new EventConfig(true, "mine", 1 << 20));
  }

  @Test
  void whatIsOutOfRangeIsRefusedWhereItStands() {
    assertThatThrownBy(() -> read("heartbeat: 99ms"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("w:2:22: events.heartbeat: must be between 100ms and 1h, not 99ms");
    assertThatThrownBy(() -> read("memory-limit: 1KiB"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("events.memory-limit: must be between 64KiB and 1GiB");
    assertThatThrownBy(() -> read("exchange: a/b"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("events.exchange: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new WorkerEventsConfig(true, Duration.ofHours(2)))
        .withMessage("heartbeat must be between 100ms and 1h, not 2h");
  }

  @Test
  void aCommandLineCanAddTheTasks() {
    assertThat(new WorkerEventsConfig(false, Duration.ofSeconds(9)).withTask())
        .isEqualTo(new WorkerEventsConfig(true, Duration.ofSeconds(9)));
  }
}
