package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class FaultsCommandTest {
  private final StringWriter errors = new StringWriter();

  private int run(String... arguments) {
    CommandLine command = FaultsCommand.commandLine();
    command.setErr(new PrintWriter(errors, true)).setOut(new PrintWriter(errors, true));
    return command.execute(arguments);
  }

  @Test
  void aModeThatIsNoneIsRefusedWithThoseThereAre() {
    assertThat(run("--mode", "chaos")).isEqualTo(2);
    assertThat(errors.toString()).contains("stalk, mixed, celery-early, celery-late, compare");
  }

  @Test
  void aFleetWithoutWorkersIsRefusedBeforeAnythingStarts() {
    assertThat(run("--mode", "stalk", "--java", "0")).isEqualTo(2);
    assertThat(errors.toString()).contains("a fleet needs at least one worker");
  }

  @Test
  void aRunWithoutFaultsIsRefusedBeforeAnythingStarts() {
    assertThat(run("--faults", "0")).isEqualTo(2);
    assertThat(errors.toString()).contains("at least 1");
  }

  @Test
  void helpTellsTheExitCodes() {
    assertThat(run("--help")).isZero();
    assertThat(errors.toString()).contains("a promise was broken");
  }
}
