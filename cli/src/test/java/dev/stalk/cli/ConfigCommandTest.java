package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandTest {
  @TempDir private Path directory;

  private String file(String name, String text) throws Exception {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  @Test
  void checkSaysNothingOfFilesThatAreFine() throws Exception {
    Run run = Run.stalk("config", "check", file("a.yaml", "queues: { mail: }"));

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEmpty();
  }

  @Test
  void checkTellsEverythingThatIsWrongAtOnce() throws Exception {
    String one = file("a.yaml", "queues: { mail: { threads: 0 } }");
    String other = file("b.yaml", "colour: green");

    Run run = Run.stalk("config", "check", one, other);

    assertThat(run.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(run.err())
        .startsWith(one + ":1:28: queues.mail.threads: must be between 1 and 10000, not 0")
        .contains(other + ":1:1: colour: unknown key");
  }

  @Test
  void showPrintsEveryValueWithItsOriginAndNoPassword() throws Exception {
    String file =
        file(
            "a.yaml",
            "broker: { url: \"redis://:hush@h/1\" }\ndefaults: { threads: 3 }\nqueues: { mail: }");

    Run run = Run.stalk("config", "show", file);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("broker.url +redis://:\\*\\*\\*@h/1 +\\S+:1:16")
        .containsPattern("queues.mail.threads +3 +\\S+:2:22 \\(defaults\\)")
        .containsPattern("queues.mail.rate-limit +- +default")
        .doesNotContain("hush");
    assertThat(Run.stalk("config", "show", "--json", file).out())
        .contains("{\"key\":\"queues.mail.buffer\",\"value\":\"3\",\"origin\":\"default\"}");
  }

  @Test
  void theSchemaIsPrinted() {
    assertThat(Run.stalk("config", "schema").out()).contains("\"Configuration of a Stalk worker\"");
  }
}
