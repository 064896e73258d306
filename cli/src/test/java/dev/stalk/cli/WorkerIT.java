package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.RedisServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class WorkerIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  private String yaml(String shutdownTimeout, String taskClass) throws Exception {
    Path file = directory.resolve("worker.yaml");
    Files.writeString(
        file,
        """
        broker: { url: "${REDIS_URL}" }
        queues: { java: { threads: 2 } }
        shutdown-timeout: %s
        tasks: [%s]
        """
            .formatted(shutdownTimeout, taskClass));
    return file.toString();
  }

  private String yaml() throws Exception {
    return yaml("20s", "dev.stalk.samples.SampleTasks");
  }

  @Test
  void aHangupTakesOverTheChangedFileAndOneThatIsWrongChangesNothing() throws Exception {
    String file = yaml();
    try (RedisServer redis = RedisServer.start();
        BrokerClient client = BrokerClient.connect(redis.url());
        StalkProcess worker =
            StalkProcess.start(Map.of("REDIS_URL", redis.url()), "worker", "--config", file)) {
      worker.await(" ready: ");
      String before = Files.readString(Path.of(file));
      Files.writeString(Path.of(file), before.replace("threads: 2", "thraeds: 2"));
      worker.signal("HUP");
      worker.await("did you mean threads?");

      Files.writeString(
          Path.of(file), before.replace("{ java: { threads: 2 } }", "{ java: , more: }"));
      worker.signal("HUP");

      worker.await("more: is served from now on");
      AsyncResult sum = client.send(TaskSignature.of("samples.add", 2, 3).on("more"));
      assertThat(sum.get(Integer.class, PATIENCE)).isEqualTo(5);
      worker.signal("TERM");
      assertThat(worker.exitCode()).as(worker.output()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TERM", "INT"})
  void aSignalEndsAWorkerWith0(String signal) throws Exception {
    try (RedisServer redis = RedisServer.start();
        BrokerClient client = BrokerClient.connect(redis.url());
        StalkProcess worker =
            StalkProcess.start(Map.of("REDIS_URL", redis.url()), "worker", "--config", yaml())) {
      assertThat(worker.await(" ready: ")).contains("queues [java]", "samples.add");
      AsyncResult slow = client.send(TaskSignature.of("samples.sleep", 1).on("java"));
      AsyncResult sum = client.send(TaskSignature.of("samples.add", 2, 3).on("java"));
      assertThat(sum.get(Integer.class, PATIENCE)).isEqualTo(5);

      worker.signal(signal);

      assertThat(worker.exitCode()).as(worker.output()).isZero();
      assertThat(slow.get(Double.class, Duration.ZERO)).isEqualTo(1.0);
      assertThat(redis.command("HLEN", "unacked")).isEqualTo(0L);
    }
  }

  @Test
  void aTaskThatDoesNotEndInTimeGoesBackAndTheWorkerEndsWith1() throws Exception {
    try (RedisServer redis = RedisServer.start();
        BrokerClient client = BrokerClient.connect(redis.url());
        StalkProcess worker =
            StalkProcess.start(
                Map.of("REDIS_URL", redis.url()),
                "worker",
                "--config",
                yaml("200ms", "dev.stalk.samples.SampleTasks"))) {
      worker.await(" ready: ");
      client.send(TaskSignature.of("samples.sleep", 60).on("java"));
      AsyncResult later = client.send(TaskSignature.of("samples.add", 2, 3).on("java"));
      assertThat(later.get(Integer.class, PATIENCE)).isEqualTo(5); // so the first has begun

      worker.signal("TERM");

      assertThat(worker.exitCode()).as(worker.output()).isEqualTo(1);
      assertThat(redis.command("LLEN", "java")).isEqualTo(1L);
    }
  }

  @Test
  void aWrongPasswordEndsAWorkerAtOnce() throws Exception {
    try (RedisServer redis = RedisServer.builder().argument("requirepass", "right").start();
        StalkProcess worker =
            StalkProcess.start(Map.of("REDIS_URL", redis.url()), "worker", "--config", yaml())) {
      assertThat(worker.exitCode()).as(worker.output()).isEqualTo(77);
      assertThat(worker.output()).startsWith("stalk: ").contains("NOAUTH").hasLineCount(2);
    }
  }

  @Test
  void aBrokerThatIsAwayIsWaitedFor() throws Exception {
    try (RedisServer redis = RedisServer.start();
        BrokerClient client = BrokerClient.connect(redis.url())) {
      redis.kill();
      try (StalkProcess worker =
          StalkProcess.start(Map.of("REDIS_URL", redis.url()), "worker", "--config", yaml())) {
        worker.await("cannot reach Redis");

        redis.restart();

        AsyncResult sum = client.send(TaskSignature.of("samples.add", 2, 3).on("java"));
        assertThat(sum.get(Integer.class, PATIENCE)).isEqualTo(5);
        worker.signal("TERM");
        assertThat(worker.exitCode()).as(worker.output()).isZero();
        assertThat(worker.output()).doesNotContain("\tat ");
      }
    }
  }

  @Test
  void tasksMayComeFromAClassPathOfTheirOwn() throws Exception {
    Path source = directory.resolve("Mine.java");
    Files.writeString(
        source,
        """
        package acme;
        public class Mine {
          @dev.stalk.worker.Task("acme.loader")
          public String loader() {
            return Thread.currentThread().getContextClassLoader().getName();
          }
        }
        """);
    Path classes = Files.createDirectory(directory.resolve("classes"));
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString());
    assertThat(compiled).isZero();

    try (RedisServer redis = RedisServer.start();
        BrokerClient client = BrokerClient.connect(redis.url());
        StalkProcess worker =
            StalkProcess.start(
                Map.of("REDIS_URL", redis.url()),
                "worker",
                "--config",
                yaml("1s", "acme.Mine"),
                "--classpath",
                classes.toString())) {
      worker.await(" ready: ");

      AsyncResult loader = client.send(TaskSignature.of("acme.loader").on("java"));

      assertThat(loader.get(String.class, PATIENCE)).isEqualTo("tasks");
    }
  }

  @Test
  void aClassThatIsNotThereIsAConfigurationError() throws Exception {
    try (StalkProcess worker =
        StalkProcess.start(
            Map.of("REDIS_URL", "redis://127.0.0.1:1"),
            "worker",
            "--config",
            yaml("1s", "acme.Absent"))) {
      assertThat(worker.exitCode()).as(worker.output()).isEqualTo(2);
      assertThat(worker.output()).startsWith("stalk: tasks: no class acme.Absent");
    }
  }
}
