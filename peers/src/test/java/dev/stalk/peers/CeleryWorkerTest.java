package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CeleryWorkerTest {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static RedisServer redis;
  private static PythonEnvironment environment;
  private static PythonSession client;

  @TempDir private Path directory;

  @BeforeAll
  static void startClient() {
    redis = RedisServer.start();
    environment = PythonEnvironment.celery();
    client = PeerTasks.client(environment, redis);
  }

  @AfterAll
  static void stopClient() {
    client.close();
    redis.close();
  }

  @AfterEach
  void forgetMessages() {
    redis.command("FLUSHALL");
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void aWorkerRunsTasks(String line) {
    PythonEnvironment python = PythonEnvironment.celery(line);

    try (CeleryWorker worker = PeerTasks.worker(python, redis).start();
        PythonSession sender = PeerTasks.client(python, redis)) {
      assertThat(sender.eval("add.delay(2, 3).get(timeout=60)").intValue()).isEqualTo(5);
      assertThat(worker.awaitOutput(text -> text.contains("succeeded"), SOON))
          .contains("peer_tasks.add");
    }
  }

  @Test
  void aWorkerConsumesTheQueuesItIsTold() {
    try (CeleryWorker worker =
        PeerTasks.worker(environment, redis)
            .queues("emails", "reports")
            .name("clerk@%h")
            .pool("solo")
            .start()) {
      client.eval("say.apply_async(('to emails',), queue='emails')");
      client.eval("say.apply_async(('to reports',), queue='reports')");

      worker.awaitOutput(line -> line.contains("heard to emails"), SOON);
      worker.awaitOutput(line -> line.contains("heard to reports"), SOON);
      assertThat(worker.output()).anyMatch(line -> line.contains("clerk@"));
    }
  }

  @Test
  void anIdleWorkerEndsWhenItIsTerminated() {
    try (CeleryWorker worker = PeerTasks.worker(environment, redis).start()) {
      assertThat(worker.terminate()).isTrue();
      assertThat(worker.isAlive()).isFalse();
    }
  }

  @Test
  void terminatingWaitsForTheTaskThatRuns() throws Exception {
    Path gate = directory.resolve("gate");
    try (CeleryWorker worker = PeerTasks.worker(environment, redis).pool("threads").start()) {
      client.eval("held = hold.delay(gate)", Map.of("gate", gate.toString()));
      worker.awaitOutput(line -> line.contains("holding"), SOON);

      CompletableFuture<Boolean> warm = CompletableFuture.supplyAsync(worker::terminate);
      worker.awaitOutput(line -> line.contains("Warm shutdown"), SOON);
      Files.createFile(gate);

      assertThat(warm.join()).isTrue();
      assertThat(worker.isAlive()).isFalse();
      assertThat(worker.output()).anyMatch(line -> line.contains("let go"));
      assertThat(redis.command("HLEN", "unacked")).isEqualTo(0L);
    }
  }

  @Test
  void aWorkerThatDoesNotEndInTimeIsKilled() {
    try (CeleryWorker worker = PeerTasks.worker(environment, redis).start()) {
      client.eval("hold.delay('/nowhere/gate')");
      worker.awaitOutput(line -> line.contains("holding"), SOON);

      assertThat(worker.terminate(Duration.ofMillis(100))).isFalse();
      assertThat(worker.isAlive()).isFalse();
    }
  }

  @Test
  void killingTakesThePoolAlongAndLeavesTheMessageUnacknowledged() {
    try (CeleryWorker worker = PeerTasks.worker(environment, redis).concurrency(2).start()) {
      client.eval("hold.delay('/nowhere/gate')");
      worker.awaitOutput(line -> line.contains("holding"), SOON);
      List<ProcessHandle> pool =
          ProcessHandle.of(worker.pid()).orElseThrow().descendants().toList();
      assertThat(pool).hasSizeGreaterThanOrEqualTo(2);

      worker.kill();

      assertThat(worker.isAlive()).isFalse();
      assertThat(pool)
          .noneMatch(each -> each.isAlive() && ProcessState.of(each.pid()) != ProcessState.DEAD);
      assertThat(redis.command("HLEN", "unacked")).isEqualTo(1L);
    }
  }

  @Test
  void aFrozenWorkerStandsWithItsPoolAndGoesOnWhenItThaws() {
    try (CeleryWorker worker = PeerTasks.worker(environment, redis).concurrency(2).start()) {
      ProcessHandle main = ProcessHandle.of(worker.pid()).orElseThrow();

      worker.freeze();

      assertThat(ProcessState.of(worker.pid())).isEqualTo(ProcessState.STOPPED);
      assertThat(main.descendants())
          .isNotEmpty()
          .allMatch(each -> ProcessState.of(each.pid()) == ProcessState.STOPPED);

      worker.thaw();

      assertThat(client.eval("add.delay(2, 3).get(timeout=60)").intValue()).isEqualTo(5);
    }
  }

  @Test
  void aWorkerThatCannotStartIsToldInItsWords() {
    CeleryWorker.Builder builder =
        CeleryWorker.builder(environment).app("module_of_nobody").directory(directory);

    assertThatThrownBy(builder::start)
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("did not become ready")
        .hasMessageContaining("ended with exit code")
        .hasMessageContaining("module_of_nobody");
  }

  @Test
  void whatIsNeverPrintedIsGivenUp() {
    try (CeleryWorker worker = PeerTasks.worker(environment, redis).pool("solo").start()) {
      assertThatThrownBy(() -> worker.awaitOutput("never said"::equals, Duration.ofMillis(50)))
          .isInstanceOf(PeerUnavailableException.class)
          .hasMessageContaining("did not print that")
          .hasMessageContaining("is alive")
          .hasMessageContaining("ready.");
    }
  }

  @Test
  void aWorkerNeedsAnApp() {
    assertThatThrownBy(CeleryWorker.builder(environment)::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("app");
  }
}
