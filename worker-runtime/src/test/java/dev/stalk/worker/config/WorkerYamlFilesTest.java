package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several files as one, and values that stand in files of their own. */
class WorkerYamlFilesTest {
  @TempDir private Path directory;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text);
  }

  private static WorkerConfig load(Path... files) {
    return WorkerYaml.load(List.of(files), Map.of()).config();
  }

  private static ConfigException refused(Path... files) {
    return catchThrowableOfType(ConfigException.class, () -> load(files));
  }

  @Test
  void aLaterFileIsLaidOverAnEarlierOneKeyByKey() throws Exception {
    Path base =
        file(
            "base.yaml",
            """
            queues:
              mail: { threads: 1, buffer: 1, circuit-breaker: { sliding-window-size: 10 } }
              math:
            tasks: [com.acme.A, com.acme.B]
            """);
    Path local =
        file(
            "local.yaml",
            """
            tasks: [com.acme.C]
            queues:
              mail: { threads: 2, circuit-breaker: { minimum-number-of-calls: 5 } }
              math:
              more: { threads: 3 }
            """);

    WorkerConfig config = load(base, local);

    assertThat(config.queues().keySet()).containsExactly("mail", "math", "more");
    assertThat(config.queues().get("mail"))
        .isEqualTo(
            QueueConfig.builder()
                .threads(2)
                .buffer(1)
                .circuitBreaker(
                    BreakerConfig.builder().slidingWindowSize(10).minimumNumberOfCalls(5).build())
                .build());
    assertThat(config.tasks()).containsExactly("com.acme.C");
  }

  @Test
  void anEmptySectionInALaterFileTakesNothingAway() throws Exception {
    Path base = file("base.yaml", "{ defaults: { threads: 3 }, queues: { mail: { buffer: 5 } } }");
    Path local = file("local.yaml", "{ defaults: , queues: { mail: } }");

    assertThat(load(base, local).queues()).containsEntry("mail", YamlQueue.of(3, 5));
  }

  @Test
  void eachProblemIsToldWithItsFile() throws Exception {
    Path base = file("base.yaml", "queues:\n  mail: { threads: 0, bufer: 1 }\n");
    Path local = file("local.yaml", "queues:\n  math:\n    threads: x\ncolour: green\n");

    assertThat(refused(base, local))
        .hasMessage(
            base
                + ":2:20: queues.mail.threads: must be between 1 and 10000, not 0\n"
                + base
                + ":2:23: queues.mail.bufer: unknown key; did you mean buffer?\n"
                + local
                + ":3:14: queues.math.threads: must be a whole number, not 'x'\n"
                + local
                + ":4:1: colour: unknown key; known keys: name, broker, results, content, routes, defaults, configs,"
                + " queues, shutdown-timeout, management, tasks, events");
  }

  @Test
  void everyFileThatCannotBeReadIsNamed() throws Exception {
    Path broken = file("broken.yaml", "queues: { mail: {");
    Path missing = directory.resolve("missing.yaml");

    assertThat(refused(broken, missing).problems())
        .extracting(Problem::source)
        .containsExactly(broken.toString(), missing.toString());
  }

  @Test
  void aKeyThatStandsTwiceInOneFileIsRefusedInSpiteOfTheOther() throws Exception {
    Path base = file("base.yaml", "queues: { mail: { threads: 1, threads: 2 } }");
    Path local = file("local.yaml", "queues: { mail: { buffer: 1, buffer: 2 } }");

    assertThat(refused(base, local).problems())
        .extracting(Problem::toString)
        .containsExactly(
            base + ":1:31: queues.mail.threads: duplicate key; the first is in line 1",
            local + ":1:30: queues.mail.buffer: duplicate key; the first is in line 1");
  }

  @Test
  void mappingsThatContainThemselvesEndSomewhere() throws Exception {
    Path one = file("one.yaml", "queues: &all\n  celery: *all");
    Path other = file("other.yaml", "queues: &all\n  celery: *all");

    assertThat(refused(one, other)).message().contains("unknown key");
  }

  @Test
  void aSecretComesFromItsFileWithoutTheLinesEnd() throws Exception {
    Path secret = file("redis-url", "redis://:s3cret@redis.example/1\n");
    Path config =
        file(
            "worker.yaml",
            "broker: { url: \"${file:%s}\" }\nqueues: { mail: }\n".formatted(secret));

    LoadedConfig loaded = WorkerYaml.load(List.of(config), Map.of("file", "unused"));

    assertThat(loaded.config().broker().url()).isEqualTo("redis://:s3cret@redis.example/1");
    assertThat(loaded.settings().toString()).doesNotContain("s3cret");
  }

  @Test
  void aSecretThatIsNotThereIsNamedAndOneThatIsWrongNotShown() throws Exception {
    Path secret = file("redis-url", "redis://:s3cret@redis.example:99999/1");
    Path config =
        file(
            "worker.yaml",
            "broker: { url: \"${file:%s}\" }\nname: \"${file:/nowhere/name}\"\nqueues: { mail: }\n"
                .formatted(secret));

    assertThat(refused(config))
        .message()
        .contains("name: the file /nowhere/name cannot be read: it does not exist")
        .contains("broker.url: not a Redis address: the port is not between 1 and 65535")
        .doesNotContain("s3cret");
  }
}
