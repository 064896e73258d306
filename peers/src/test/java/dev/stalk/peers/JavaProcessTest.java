package dev.stalk.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class JavaProcessTest {

  private static final Duration SOON = Duration.ofSeconds(60);

  /** Prints what it is given and stays, or ends at once without an argument. */
  static final class Program {
    public static void main(String[] arguments) throws InterruptedException {
      if (arguments.length > 0) {
        System.out.println(arguments[0] + " " + System.getProperty("peers.option"));
        new CountDownLatch(1).await();
      }
      System.err.println("nothing to do");
    }
  }

  private static JavaProcess start() {
    return JavaProcess.builder(Program.class)
        .options("-Dpeers.option=set")
        .arguments("hello")
        .start("hello set");
  }

  @Test
  void aProgramRunsWithItsOptionsAndArguments() {
    try (JavaProcess process = start()) {
      assertThat(process.isAlive()).isTrue();
      assertThat(process.output()).contains("hello set");
    }
  }

  @Test
  void aKilledProgramIsGone() {
    try (JavaProcess process = start()) {
      process.kill();

      assertThat(process.isAlive()).isFalse();
    }
  }

  @Test
  void aTerminatedProgramEndsByItself() {
    try (JavaProcess process = start()) {
      assertThat(process.terminate(SOON)).isTrue();
      assertThat(process.isAlive()).isFalse();
    }
  }

  @Test
  void aFrozenProgramStandsUntilItThaws() {
    try (JavaProcess process = start()) {
      process.freeze();
      assertThat(ProcessState.of(process.pid())).isEqualTo(ProcessState.STOPPED);

      process.thaw();
      assertThat(process.terminate(SOON)).isTrue();
    }
  }

  @Test
  void aProgramThatDoesNotSayItIsReadyIsToldInItsWords() {
    JavaProcess.Builder builder = JavaProcess.builder(Program.class);

    assertThatThrownBy(() -> builder.start("hello"))
        .isInstanceOf(PeerUnavailableException.class)
        .hasMessageContaining("did not print: hello")
        .hasMessageContaining("nothing to do");
  }
}
