package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.worker.config.BreakerConfig;
import dev.stalk.worker.config.ManagementConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A worker that is reconfigured while it runs; nobody listens at its broker's address. */
@Timeout(60)
class WorkerReloadTest {
  private static final String BROKER =
      "broker: { url: \"redis://127.0.0.1:1/0\", connect-timeout: 200ms, socket-timeout: 200ms }\n";

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  @TempDir private Path directory;

  private Worker started(WorkerConfig config) {
    Worker worker =
        Worker.builder()
            .config(config)
            .metrics(meters)
            .task("echo", (context, arguments) -> null)
            .build();
    worker.start();
    return worker;
  }

  private static WorkerConfig parse(String text) {
    return WorkerYaml.parse("worker.yaml", BROKER + text, Map.of());
  }

  private double threads(String queue) {
    return meters.get("stalk.queue.threads").tag("queue", queue).gauge().value();
  }

  private void awaitUnserved(String queue) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("stalk-" + queue))) {
      assertThat(System.nanoTime()).as("the loop of %s ends", queue).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void queuesComeGoAndChange() {
    try (Worker worker = started(parse("queues: { stays: , changes: { threads: 1 }, goes: }"))) {
      WorkerConfig changed = parse("queues: { stays: , changes: { threads: 3 }, comes: }");

      worker.reload(changed);

      assertThat(threads("changes")).isEqualTo(3);
      assertThat(threads("comes")).isEqualTo(8);
      assertThat(threads("stays")).isEqualTo(8);
      assertThat(meters.find("stalk.queue.threads").tag("queue", "goes").gauge()).isNull();
      assertThat(worker.config()).isEqualTo(changed);
      awaitUnserved("goes");
    }
  }

  @Test
  void aGroupWhoseQueuesChangeIsServedAnewUnderItsName() {
    try (Worker worker = started(parse("queues: { bulk: { queues: [a, b], threads: 2 } }"))) {
      worker.reload(parse("queues: { bulk: { queues: [b, c], threads: 5 }, a: }"));

      assertThat(threads("bulk")).isEqualTo(5);
      assertThat(threads("a")).isEqualTo(8);
    }
  }

  @Test
  void aQueueMayGoAndComeBack() {
    try (Worker worker = started(parse("queues: { a: , b: { circuit-breaker: } }"))) {
      worker.reload(parse("queues: { a: }"));
      assertThat(worker.circuitBreaker("b")).isEmpty();
      worker.reload(parse("queues: { a: , b: { threads: 2 } }"));

      assertThat(threads("b")).isEqualTo(2);
    }
  }

  @Test
  void whatCannotBeChangedIsNamedAndNothingIsChanged() {
    try (Worker worker = started(parse("queues: { a: { threads: 1 } }"))) {
      WorkerConfig before = worker.config();
      WorkerConfig changed =
          before.toBuilder()
              .name("other")
              .broker(BrokerConfig.builder().build())
              .shutdownTimeout(Duration.ZERO)
              .management(new ManagementConfig("127.0.0.1", 0))
              .task("com.acme.A")
              .queue("a", new QueueConfig(2, 2))
              .build();

      assertThatIllegalArgumentException()
          .isThrownBy(() -> worker.reload(changed))
          .withMessage(
              "cannot be changed while the worker runs, restart it: name, broker or results,"
                  + " shutdown-timeout, management, tasks");

      assertThat(threads("a")).isOne();
      assertThat(worker.config()).isEqualTo(before);
    }
  }

  @Test
  void onlyAWorkerThatRunsIsReloaded() {
    Worker worker = started(parse("queues: { a: }"));
    worker.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> worker.reload(parse("queues: { b: }")))
        .withMessage("only a worker that runs can be reloaded");
  }

  @Test
  void breakersAreForOperatorsToHandle() {
    try (Worker worker =
        started(parse("queues: { a: { circuit-breaker: , task-circuit-breaker: }, b: }"))) {
      worker.circuitBreaker("a").orElseThrow().transitionToForcedOpenState();
      worker.reload(parse("queues: { a: { circuit-breaker: { sliding-window-size: 5 } }, b: }"));

      assertThat(worker.circuitBreaker("a").orElseThrow().getState()).isEqualTo(State.FORCED_OPEN);
      assertThat(
              worker
                  .circuitBreaker("a")
                  .orElseThrow()
                  .getCircuitBreakerConfig()
                  .getSlidingWindowSize())
          .isEqualTo(5);
      assertThat(worker.circuitBreaker("b")).isEmpty();
      assertThat(worker.circuitBreaker("nowhere")).isEmpty();
      assertThat(worker.circuitBreaker("a", "echo")).isEmpty();
    }
  }

  @Test
  void aTasksBreakerIsThereBeforeTheTaskHasRun() {
    try (Worker worker = started(parse("queues: { a: { task-circuit-breaker: } }"))) {
      assertThat(worker.circuitBreaker("a", "echo")).isPresent();
      assertThat(worker.circuitBreaker("a", "unknown")).isEmpty();
    }
  }

  @Test
  void aChangedFileIsTakenOverAndAnUnchangedOneNotReadTwice() throws Exception {
    Path file =
        Files.writeString(directory.resolve("w.yaml"), BROKER + "queues: { a: { threads: 1 } }");
    try (Worker worker = started(WorkerYaml.load(file, Map.of()));
        ConfigReload reload = new ConfigReload(worker, List.of(file), Map.of())) {
      WorkerConfig before = worker.config();
      reload.look();
      assertThat(worker.config()).isSameAs(before);

      Files.writeString(file, BROKER + "queues: { a: { threads: 2 } }");
      reload.look();

      assertThat(threads("a")).isEqualTo(2);
    }
  }

  @Test
  void itIsLookedAtWithoutAnybodyAsking() throws Exception {
    Path file =
        Files.writeString(directory.resolve("w.yaml"), BROKER + "queues: { a: { threads: 1 } }");
    try (Worker worker = started(WorkerYaml.load(file, Map.of()));
        ConfigReload reload = new ConfigReload(worker, List.of(file), Map.of())) {
      reload.start();
      Files.writeString(file, BROKER + "queues: { a: { threads: 2 } }");

      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (threads("a") != 2) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void anInvalidFileChangesNothing() throws Exception {
    Path file =
        Files.writeString(directory.resolve("w.yaml"), BROKER + "queues: { a: { threads: 1 } }");
    try (Worker worker = started(WorkerYaml.load(file, Map.of()));
        ConfigReload reload = new ConfigReload(worker, List.of(file), Map.of())) {
      Files.writeString(file, BROKER + "queues: { a: { threads: 2, bufer: 1 }, b: }");
      assertThat(reload.reload()).isFalse();
      Files.delete(file);
      assertThat(reload.reload()).isFalse();
      Files.writeString(file, BROKER + "name: other\nqueues: { a: { threads: 2 } }");
      assertThat(reload.reload()).isFalse();

      assertThat(threads("a")).isOne();
      assertThat(worker.config().queues().keySet()).containsExactly("a");
      Files.writeString(file, BROKER + "queues: { a: { threads: 2 } }");
      assertThat(reload.reload()).isTrue();
      assertThat(threads("a")).isEqualTo(2);
    }
  }

  @Test
  void theManagementPortTellsHowTheQueuesDo() {
    WorkerConfig config = parse("management: { port: 0 }\nqueues: { a: { circuit-breaker: } }");
    try (Worker worker = started(config)) {
      assertThat(worker.managementAddress()).isPresent();
      assertThat(worker.managementAddress().orElseThrow().getPort()).isPositive();
      assertThat(config.queues().get("a").circuitBreaker())
          .isEqualTo(BreakerConfig.builder().build());
    }
    try (Worker worker = started(parse("queues: { a: }"))) {
      assertThat(worker.managementAddress()).isEmpty();
    }
  }
}
