package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.peers.RedisServer;
import dev.stalk.samples.SampleTasks;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ClientCommandsIT {
  private final RedisServer redis = RedisServer.start();

  @AfterEach
  void close() {
    redis.close();
  }

  private Run stalk(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.add(1, "--url=" + redis.url());
    return Run.stalk(all.toArray(String[]::new));
  }

  private void whileAWorkerRuns(Runnable test) {
    try (Worker worker =
        Worker.builder()
            .config(
                WorkerConfig.builder()
                    .broker(BrokerConfig.builder().url(redis.url()).build())
                    .queue("java", QueueConfig.builder().threads(2).build())
                    .build())
            .tasks(new SampleTasks())
            .build()) {
      worker.start();
      test.run();
    }
  }

  @Test
  void aResultThatIsWaitedForIsPrintedAsJson() {
    whileAWorkerRuns(
        () -> {
          assertThat(stalk("send", "samples.add", "2", "-3", "-q", "java", "--wait"))
              .isEqualTo(new Run(0, "-1\n", ""));
          assertThat(stalk("send", "--wait", "--queue=java", "samples.echo", "{\"a\": [1, \"ä\"]}"))
              .isEqualTo(new Run(0, "{\"a\":[1,\"ä\"]}\n", ""));
          assertThat(stalk("send", "samples.echo", "--kwarg", "value=a=b", "-q", "java", "--wait"))
              .isEqualTo(new Run(0, "\"a=b\"\n", ""));
          assertThat(stalk("send", "-q", "java", "--wait", "--", "samples.echo", "--wait"))
              .isEqualTo(new Run(0, "\"--wait\"\n", ""));
          assertThat(
                  stalk("send", "samples.echo", "1", "-q", "java", "--wait", "--json", "--id=one"))
              .isEqualTo(new Run(0, "{\"id\":\"one\",\"state\":\"SUCCESS\",\"result\":1}\n", ""));
          assertThat(stalk("result", "one")).isEqualTo(new Run(0, "SUCCESS 1\n", ""));
          assertThat(stalk("result", "one", "--wait")).isEqualTo(new Run(0, "SUCCESS 1\n", ""));
        });
  }

  @Test
  void aFailedTaskEndsWith1() {
    whileAWorkerRuns(
        () -> {
          String[] fail = {"send", "samples.fail", "no", "-q", "java", "--wait", "--id=one"};

          assertThat(stalk(fail)).isEqualTo(new Run(1, "", "IllegalStateException: no\n"));
          assertThat(stalk("result", "one"))
              .isEqualTo(new Run(1, "FAILURE IllegalStateException: no\n", ""));
          assertThat(stalk("result", "one", "-v").err())
              .startsWith("Traceback (most recent call last):\n")
              .contains("in dev.stalk.samples.SampleTasks.fail\n")
              .endsWith("java.lang.IllegalStateException: no\n");
          assertThat(stalk("result", "one", "--json").out())
              .startsWith(
                  "{\"id\":\"one\",\"state\":\"FAILURE\",\"error\":{\"type\":\"IllegalStateException\","
                      + "\"module\":\"java.lang\",\"arguments\":[\"no\"],\"traceback\":\"");
        });
  }

  @Test
  void withoutWaitingTheIdIsPrinted() {
    assertThat(stalk("send", "add", "--id=one")).isEqualTo(new Run(0, "one\n", ""));
    assertThat(stalk("send", "add", "--id=two", "--json"))
        .isEqualTo(new Run(0, "{\"id\":\"two\"}\n", ""));
    assertThat(stalk("send", "add").out()).matches("[0-9a-f-]{36}\\R");
    assertThat(redis.command("LLEN", "celery")).isEqualTo(3L);
  }

  @Test
  void optionsReachTheMessage() {
    stalk("send", "add", "--id=one", "--countdown=1h", "--ignore-result", "--priority=5");

    String message = String.valueOf(redis.command("LINDEX", "celery\u0006\u00163", "0"));
    assertThat(message)
        .contains("\"ignore_result\": true", "\"priority\": 5", "\"id\": \"one\"")
        .doesNotContain("\"eta\": null");
  }

  @Test
  void aResultThatDoesNotComeInTimeEndsWith1() {
    Run plain = stalk("send", "add", "--wait=100ms");
    assertThat(plain.code()).isEqualTo(1);
    assertThat(plain.out()).isEmpty();
    assertThat(plain.err()).startsWith("stalk: no result of task ");

    Run json = stalk("send", "add", "--wait=0", "--json", "--id=one");
    assertThat(json.code()).isEqualTo(1);
    assertThat(json.out()).isEqualTo("{\"id\":\"one\",\"state\":\"PENDING\"}\n");

    Run result = stalk("result", "one", "--wait=0");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEqualTo("PENDING\n");
    assertThat(stalk("result", "one")).isEqualTo(new Run(0, "PENDING\n", ""));
  }

  @Test
  void queuesAreCountedPerPriority() {
    stalk("send", "add", "-q", "mail");
    stalk("send", "add", "-q", "mail", "--priority=4");
    stalk("send", "add", "-q", "mail", "--priority=9");
    stalk("send", "add", "-q", "a longer name");

    assertThat(stalk("queues", "mail", "none").out().lines())
        .containsExactly(
            "queue  total  priority 0  priority 3  priority 6  priority 9",
            "mail       3           1           1           0           1",
            "none       0           0           0           0           0");
    assertThat(stalk("queues", "mail", "--json").out())
        .isEqualTo(
            "[{\"queue\":\"mail\",\"total\":3,"
                + "\"priorities\":{\"0\":1,\"3\":1,\"6\":0,\"9\":1}}]\n");
    assertThat(stalk("queues").out().lines().map(line -> line.split(" {2,}", 2)[0]))
        .containsExactly("queue", "a longer name", "mail");
  }

  @Test
  void celerysOwnQueuesAreNotTaskQueues() {
    redis.command(
        "SADD", "_kombu.binding.celery.pidbox", "\u0006\u0016\u0006\u0016w.celery.pidbox");
    redis.command("SADD", "_kombu.binding.celeryev", "worker.#\u0006\u0016\u0006\u0016celeryev.1");
    redis.command("SADD", "_kombu.binding.topic", "a.*\u0006\u0016x\u0006\u0016mail");
    redis.command("SET", "_kombu.binding.odd", "no set");

    assertThat(stalk("queues", "--json").out())
        .isEqualTo(
            "[{\"queue\":\"mail\",\"total\":0,"
                + "\"priorities\":{\"0\":0,\"3\":0,\"6\":0,\"9\":0}}]\n");
  }

  @Test
  void noQueuesAreAlsoAnAnswer() {
    assertThat(stalk("queues"))
        .isEqualTo(new Run(0, "", "no queue has been declared at this broker\n"));
    assertThat(stalk("queues", "--json")).isEqualTo(new Run(0, "[]\n", ""));
  }

  @Test
  void queuesMayComeFromAWorkersFile(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("worker.yaml");
    Files.writeString(file, "broker: {url: \"" + redis.url() + "\"}\nqueues: {b: {}, a: {}}\n");
    stalk("send", "add", "-q", "a");

    Run run = Run.stalk("queues", "--config", file.toString(), "--json");

    assertThat(run.out())
        .startsWith("[{\"queue\":\"b\",\"total\":0,")
        .contains("{\"queue\":\"a\",\"total\":1,");
  }

  @Test
  void purgeDeletesEveryPriority() {
    stalk("send", "add", "-q", "mail");
    stalk("send", "add", "-q", "mail", "--priority=9");

    assertThat(stalk("purge", "mail", "--yes"))
        .isEqualTo(new Run(0, "deleted 2 messages from mail\n", ""));
    assertThat(stalk("purge", "mail", "--yes", "--json"))
        .isEqualTo(new Run(0, "{\"queue\":\"mail\",\"purged\":0}\n", ""));
  }

  @Test
  void purgeAsksAtATerminal() {
    stalk("send", "add", "-q", "mail");
    String question = "1 messages wait in mail at " + redis.url() + ". Delete them? [y/N] ";

    assertThat(purge("n")).isEqualTo(new Run(1, "", question + "nothing was deleted\n"));
    assertThat(purge(null)).isEqualTo(new Run(1, "", question + "nothing was deleted\n"));
    assertThat(redis.command("LLEN", "mail")).isEqualTo(1L);
    assertThat(purge(" Y ")).isEqualTo(new Run(0, "deleted 1 messages from mail\n", question));
    assertThat(redis.command("LLEN", "mail")).isEqualTo(0L);
  }

  private Run purge(String answer) {
    Terminal terminal =
        new Terminal() {
          @Override
          public boolean isThere() {
            return true;
          }

          @Override
          public String readLine() {
            return answer;
          }
        };
    return Run.of(new CommandLine(new PurgeCommand(terminal)), "mail", "--url", redis.url());
  }

  @Test
  void everyClientCommandTellsAwayAndRefused() {
    redis.command("CONFIG", "SET", "requirepass", "secret");
    List<String[]> commands =
        List.of(
            new String[] {"send", "add"},
            new String[] {"send", "add", "--wait=5"},
            new String[] {"result", "one"},
            new String[] {"queues"},
            new String[] {"queues", "mail"},
            new String[] {"purge", "mail", "--yes"},
            new String[] {"peek", "mail"},
            new String[] {"delete", "mail", "--yes"});

    for (String[] command : commands) {
      Run refused = stalk(command);
      assertThat(refused.code()).as(String.join(" ", command)).isEqualTo(77);
      assertThat(refused.err())
          .startsWith("stalk: " + redis.url() + " refuses this user: NOAUTH")
          .hasLineCount(1);
    }
    redis.kill();
    for (String[] command : commands) {
      Run away = stalk(command);
      assertThat(away.code()).as(String.join(" ", command)).isEqualTo(69);
      assertThat(away.err())
          .startsWith("stalk: cannot reach Redis at " + redis.url())
          .hasLineCount(1);
    }
  }

  @Test
  void aResultIsWaitedForWhileTheBrokerIsAway() throws Exception {
    redis.kill();
    Thread back = new Thread(redis::restart);
    back.start();
    Run run = stalk("result", "one", "--wait=" + Duration.ofSeconds(5).toSeconds());
    back.join();

    assertThat(run.err()).startsWith("stalk: no result of task one");
  }
}
