package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.RemoteException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExceptionsTest {

  private static final class Nested extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Nested(String message) {
      super(message);
    }
  }

  @Test
  void anExceptionIsItsClassItsPackageAndItsMessage() {
    assertThat(Exceptions.remote(new IllegalStateException("no")))
        .isEqualTo(RemoteException.of("java.lang", "IllegalStateException", "no"));
  }

  @Test
  void aNestedClassKeepsTheNameOfTheClassAroundIt() {
    assertThat(Exceptions.remote(new Nested("no")))
        .isEqualTo(RemoteException.of("dev.stalk.worker", "ExceptionsTest$Nested", "no"));
  }

  @Test
  void aClassOfTheDefaultPackageHasAnEmptyModule(@TempDir Path folder) {
    Throwable homeless =
        (Throwable)
            CompiledClass.instance(
                folder, "Homeless", "public class Homeless extends RuntimeException {}");

    assertThat(Exceptions.remote(homeless)).isEqualTo(RemoteException.of("", "Homeless"));
  }

  @Test
  void anExceptionWithoutMessageHasNoArguments() {
    assertThat(Exceptions.remote(new IOException()).arguments()).isEmpty();
  }

  @Test
  void argumentsThatDoNotFitBecomePythonsTypeError() {
    assertThat(Exceptions.remote(new TaskArgumentException("add() takes 2")))
        .isEqualTo(RemoteException.of("builtins", "TypeError", "add() takes 2"));
  }

  @Test
  void theTracebackNamesTheFramesAndEveryCause() {
    Exception error =
        new IllegalStateException("outer", new IOException("inner", new Nested("innermost")));

    String[] lines = Exceptions.traceback(error).split("\n", -1);

    assertThat(lines[0].strip()).isEqualTo("java.lang.IllegalStateException: outer");
    assertThat(List.of(lines))
        .anyMatch(line -> line.contains("at dev.stalk.worker.ExceptionsTest."))
        .anyMatch(line -> line.startsWith("Caused by: java.io.IOException: inner"))
        .anyMatch(line -> line.startsWith("Caused by: " + Nested.class.getName() + ": innermost"));
  }

  @Test
  void aCauseThatIsItsOwnCauseEnds() {
    Exception outer = new IllegalStateException("outer");
    outer.initCause(new IOException("inner", outer));

    assertThat(Exceptions.traceback(outer)).contains("CIRCULAR REFERENCE");
  }

  @Test
  void aTracebackOf64KibiIsWhole() {
    String traceback = tracebackOf("x".repeat(64 * 1024 - emptyTraceback()));

    assertThat(traceback).hasSize(64 * 1024).doesNotContain("(cut)");
  }

  @Test
  void aLongerTracebackIsCutAndSaysSo() {
    String traceback = tracebackOf("x".repeat(64 * 1024 - emptyTraceback() + 1));

    assertThat(traceback).startsWith("java.lang.Error: xxx").endsWith("x\n... (cut)\n");
    assertThat(traceback).hasSize(64 * 1024 + "\n... (cut)\n".length());
  }

  @Test
  void noCharacterIsCutInTwo() {
    String prefix = "java.lang.Error: ";
    String smiles = "\uD83D\uDE00".repeat(40_000);

    String even = tracebackOf("x".repeat(64 * 1024 - prefix.length() - 100) + smiles);
    String odd = tracebackOf("x".repeat(64 * 1024 - prefix.length() - 101) + smiles);

    assertThat(end(even)).isEqualTo("\uD83D\uDE00\n... (cut)\n");
    assertThat(end(odd)).isEqualTo("\uD83D\uDE00\n... (cut)\n");
  }

  private static String end(String text) {
    return text.substring(text.length() - "xx\n... (cut)\n".length());
  }

  private static int emptyTraceback() {
    return tracebackOf("").length();
  }

  private static String tracebackOf(String message) {
    Error error = new Error(message);
    error.setStackTrace(new StackTraceElement[0]);
    return Exceptions.traceback(error);
  }
}
