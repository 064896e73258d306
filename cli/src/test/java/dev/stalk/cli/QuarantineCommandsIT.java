package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.peers.RedisServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The commands that look into queues and after what was put aside. */
class QuarantineCommandsIT {
  private static final String ENVELOPE =
      "{\"body\": \"W1tdLHt9LHt9XQ==\", \"content-encoding\": \"utf-8\","
          + " \"content-type\": \"application/json\", \"headers\": {\"task\": \"mail.send\","
          + " \"id\": \"%1$s\", \"argsrepr\": \"('\\u001b[31m',)\", \"kwargsrepr\": \"{}\"},"
          + " \"properties\": {\"delivery_tag\": \"%1$s\", \"priority\": 0,"
          + " \"delivery_info\": {\"exchange\": \"\", \"routing_key\": \"mail\"},"
          + " \"body_encoding\": \"base64\"}}";

  private final RedisServer redis = RedisServer.start();

  @AfterEach
  void close() {
    redis.close();
  }

  private Run quarantine(String deed, String... args) {
    CommandLine command = Stalk.commandLine();
    String[] all = new String[args.length + 3];
    all[0] = "quarantine";
    all[1] = deed;
    all[2] = "--url=" + redis.url();
    System.arraycopy(args, 0, all, 3, args.length);
    return Run.of(command, all);
  }

  private void put(String reason, String message) {
    String line =
        "{\"reason\": \"%s\", \"queue\": \"mail\", \"time\": 1700000000.000, \"deliveries\": 2}"
            .formatted(reason);
    redis.command("RPUSH", "mail.quarantine", line + '\n' + message);
  }

  private String id(int index) {
    return quarantine("list", "mail").out().lines().toList().get(index + 1).substring(0, 16);
  }

  @Test
  void listShowsWhyAndSinceWhen() {
    assertThat(quarantine("list"))
        .isEqualTo(new Run(0, "", "nothing is in quarantine at this broker\n"));
    put("no \\u001b[2J task", ENVELOPE.formatted("one"));
    put("odd", "not JSON");

    assertThat(quarantine("list").out().lines())
        .containsExactly("queue  in quarantine", "mail               2");
    List<String> lines = quarantine("list", "mail").out().lines().toList();
    assertThat(lines.get(1))
        .matches("[0-9a-f]{16} +2023-11-14T22:13:20Z +2 +\\d+ +mail.send +no \\\\u001b\\[2J task");
    assertThat(lines.get(2)).matches("[0-9a-f]{16} .* - +odd");
    assertThat(quarantine("list", "mail", "--limit=1").err())
        .isEqualTo("and 1 more: --offset 1 shows them\n");
    assertThat(quarantine("list", "mail", "--json").out())
        .startsWith("[{\"id\":\"" + id(0) + "\",\"index\":0,\"reason\":\"no \\u001B[2J task\"")
        .contains("\"time\":\"2023-11-14T22:13:20Z\",\"deliveries\":2");
    assertThat(quarantine("list", "mail", "--limit=0").code()).isEqualTo(2);
  }

  @Test
  void showIsSafeOnATerminalAndSavesTheBytesAsTheyAre(@TempDir Path directory) throws Exception {
    put("no task", ENVELOPE.formatted("one"));
    String odd = "\u001b]0;title\u0007 \u009b31m \u202e ż";
    put("odd", odd);
    Path file = directory.resolve("message");

    Run good = quarantine("show", "mail", id(0));
    Run bad = quarantine("show", "mail", "1", "--output=" + file);

    assertThat(good.out())
        .contains("task        mail.send\n", "replay      possible\n")
        .contains("arguments   ('\\u001b[31m',) {}\n");
    assertThat(bad.out())
        .contains("replay      refused: not JSON")
        .contains("\\u001b]0;title\\u0007 \\u009b31m \\u202e ż");
    assertThat((good.out() + bad.out()).chars())
        .noneMatch(c -> c != '\n' && Character.isISOControl(c));
    assertThat(Files.readString(file)).isEqualTo(odd);
    Run again = quarantine("show", "mail", "1", "--output=" + file);
    assertThat(again.code()).isEqualTo(2);
    assertThat(again.err()).contains("is there already; name a new file");
    assertThat(quarantine("show", "mail", "7"))
        .isEqualTo(new Run(1, "", "stalk: 7 is not in the quarantine of mail\n"));
    assertThat(quarantine("show", "mail", "0", "--json").out()).contains("\"replayable\":true");
  }

  @Test
  void replayMovesWhatItCanAndTellsWhatStays() {
    put("no task", ENVELOPE.formatted("one"));
    put("no task", ENVELOPE.formatted("two"));
    put("odd", "not JSON");
    String one = id(0);

    assertThat(quarantine("replay", "mail", one))
        .isEqualTo(new Run(0, "replayed 1 of 1 messages\n", ""));
    assertThat(quarantine("replay", "mail", one))
        .isEqualTo(
            new Run(1, "replayed 0 of 1 messages\n", one + ": not in the quarantine of mail\n"));
    Run all = quarantine("replay", "mail", "--all", "--yes", "--to=other");
    assertThat(all.code()).isEqualTo(1);
    assertThat(all.out()).isEqualTo("replayed 1 of 2 messages\n");
    assertThat(all.err()).contains(": no worker could take it: not JSON");
    assertThat(redis.command("LLEN", "mail")).isEqualTo(1L);
    assertThat(redis.command("LLEN", "other")).isEqualTo(1L);
    assertThat(redis.command("LLEN", "mail.quarantine")).isEqualTo(1L);
    assertThat(quarantine("replay", "mail").code()).isEqualTo(2);
  }

  @Test
  void purgeDeletesWhatIsNamed() {
    put("a", "1");
    put("b", "2");
    put("c", "3");

    assertThat(quarantine("purge", "mail", id(1), "--yes"))
        .isEqualTo(new Run(0, "deleted 1 messages from the quarantine of mail\n", ""));
    assertThat(quarantine("purge", "mail", "0123456789abcdef", "-y").code()).isEqualTo(1);
    assertThat(quarantine("purge", "mail", "--older-than=36500d", "--yes").out())
        .startsWith("deleted 0 ");
    assertThat(quarantine("purge", "mail", "--older-than=1h", "--yes", "--json").out())
        .isEqualTo("{\"queue\":\"mail\",\"purged\":2}\n");
    assertThat(quarantine("purge", "mail", "--all", "--older-than=1h", "-y").code()).isEqualTo(2);
    assertThat(quarantine("purge", "mail", "--yes").code()).isEqualTo(2);
  }

  @Test
  void whatCannotBeUndoneIsAskedFor() {
    put("a", ENVELOPE.formatted("one"));
    String asked = "1 messages are in the quarantine of mail at " + redis.url() + ". ";

    assertThat(run(new QuarantinePurgeCommand(answering("n")), "mail", "--all"))
        .isEqualTo(new Run(1, "", asked + "Delete all of them? [y/N] nothing was deleted\n"));
    assertThat(run(new QuarantineReplayCommand(answering("no")), "mail", "--all"))
        .isEqualTo(new Run(1, "", asked + "Send them all again? [y/N] nothing was replayed\n"));
    assertThat(redis.command("LLEN", "mail.quarantine")).isEqualTo(1L);
    assertThat(run(new QuarantineReplayCommand(answering("yes")), "mail", "--all").out())
        .isEqualTo("replayed 1 of 1 messages\n");
    assertThat(run(new DeleteCommand(answering("n")), "mail").err())
        .endsWith("Delete them and the queue? [y/N] nothing was deleted\n");
    assertThat(run(new DeleteCommand(answering("y")), "mail").out())
        .isEqualTo("deleted queue mail with 1 messages\n");
  }

  private Run run(Object command, String... args) {
    String[] all = new String[args.length + 1];
    all[0] = "--url=" + redis.url();
    System.arraycopy(args, 0, all, 1, args.length);
    return Run.of(new CommandLine(command), all);
  }

  private static Terminal answering(String answer) {
    return new Terminal() {
      @Override
      public boolean isThere() {
        return true;
      }

      @Override
      public String readLine() {
        return answer;
      }
    };
  }

  @Test
  void peekShowsWhatIsServedNext() {
    redis.command("LPUSH", "mail", ENVELOPE.formatted("one"));
    redis.command("LPUSH", "mail", "not JSON");

    Run run = Run.stalk("peek", "mail", "--url=" + redis.url());

    assertThat(run.code()).isZero();
    assertThat(run.out().lines())
        .hasSize(3)
        .element(1, org.assertj.core.api.InstanceOfAssertFactories.STRING)
        .matches("mail.send +0 +one +\\('\\\\u001b\\[31m',\\) \\{}");
    assertThat(run.out()).contains("not JSON");
    assertThat(Run.stalk("peek", "mail", "--json", "-n1", "--url=" + redis.url()).out())
        .startsWith("[{\"priority\":0,\"size\":")
        .endsWith("\"task\":\"mail.send\",\"id\":\"one\",\"args\":[],\"kwargs\":{}}]\n");
    assertThat(Run.stalk("peek", "none", "--url=" + redis.url()).err())
        .isEqualTo("no message waits in none\n");
    assertThat(redis.command("LLEN", "mail")).isEqualTo(2L);
  }
}
