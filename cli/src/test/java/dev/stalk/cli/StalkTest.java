package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StalkTest {

  @Test
  void helpListsTheCommandsTheExitCodesAndTheEnvironment() {
    Run help = Run.stalk("--help");

    assertThat(help.code()).isZero();
    assertThat(help.out())
        .contains("Usage: stalk", "worker", "send", "result", "queues", "purge", "selftest")
        .contains("  69   the broker cannot be reached", "  77   the broker refuses the user")
        .contains("REDIS_URL", "REDIS_MAX_CONNECTIONS", "REDIS_SOCKET_TIMEOUT", "STALK_LOG");
    assertThat(help.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"worker", "send", "result", "queues", "purge", "selftest"})
  void everyCommandHasAHelpWithItsExitCodes(String command) {
    Run help = Run.stalk(command, "--help");

    assertThat(help.code()).isZero();
    assertThat(help.out()).startsWith("Usage: stalk " + command);
    assertThat(help.out()).containsPattern("Exit codes:\\R +0 +\\S");
    assertThat(help.out()).contains("  2    wrong arguments", "  70   ", "  77   ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"send", "result", "queues", "purge", "selftest"})
  void everyClientCommandTakesTheAddresses(String command) {
    assertThat(Run.stalk(command, "--help").out()).contains("--url=URL", "--results-url=URL");
  }

  @Test
  void theVersionIsToldWithThatOfJava() {
    Run version = Run.stalk("--version");

    assertThat(version.code()).isZero();
    assertThat(version.out())
        .startsWith("stalk ")
        .contains("Java " + System.getProperty("java.version"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "                                     | Missing required subcommand",
        "sned                                 | Unmatched argument at index 0: 'sned'",
        "send                                 | Missing required parameter: 'NAME'",
        "send add --wit                       | Unknown option: '--wit'",
        "send add -x                          | Unknown option: '-x'",
        "send add --kwarg value               | --kwarg needs KEY=VALUE, not 'value'",
        "send add --kwarg =value              | --kwarg needs KEY=VALUE, not '=value'",
        "send add --countdown 5x              | '5x' is not a length of time",
        "send add --wait=soon                 | 'soon' is not a length of time",
        "send add --wait --ignore-result      | --wait and --ignore-result contradict each other",
        "send add --priority high             | 'high' is not an int",
        "send add --priority 10               | priority must be between 0 and 9, not 10",
        "send add --id=                       | a task id must not be empty",
        "send add --url http://localhost      | --url: not a Redis address: the scheme 'http'",
        "result id --results-url localhost    | --results-url: not a Redis address",
        "result                               | Missing required parameter: 'ID'",
        "purge celery                         | there is no terminal to ask at: say --yes",
        "queues --config /no/such.yaml        | /no/such.yaml: cannot read the file",
        "config check                         | Missing required parameter: 'FILE'",
        "config check /no/such.yaml           | /no/such.yaml: cannot read the file",
        "config show /no/such.yaml            | /no/such.yaml: cannot read the file",
        "config                               | Missing required subcommand",
        "worker                               | Missing required option: '--config=FILE'",
        "worker --config /no/such.yaml        | /no/such.yaml: cannot read the file",
        "worker -c any --classpath /no.jar    | --classpath: cannot read /no.jar",
        "worker -c any --classpath /no/*      | --classpath: cannot list the jars of /no"
      })
  void whatIsAskedWronglyEndsWith2AndOneSentence(String line, String said) {
    Run run = Run.stalk(line == null ? new String[0] : line.split(" +", -1));

    assertThat(run.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(said).doesNotContain("Exception", "\tat ");
    assertThat(Arrays.asList(run.err().strip().split("\\R", -1))).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void aTaskArgumentMayBeginWithAnAtSign() {
    Run run = Run.stalk("send", "add", "@/etc/hostname", "--url", "redis://127.0.0.1:1");

    assertThat(run.code()).as(run.err()).isEqualTo(ExitCodes.UNAVAILABLE);
  }
}
