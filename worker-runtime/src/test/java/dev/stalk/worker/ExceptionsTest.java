package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.RemoteException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ExceptionsTest {
  private final Exceptions exceptions = new Exceptions(Map.of());

  private static final class Nested extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Nested(String message) {
      super(message);
    }
  }

  @Test
  void anExceptionIsItsClassItsPackageAndItsMessage() {
    assertThat(exceptions.remote(new IllegalStateException("no")))
        .isEqualTo(RemoteException.of("java.lang", "IllegalStateException", "no"));
  }

  @Test
  void aNestedClassKeepsTheNameOfTheClassAroundIt() {
    assertThat(exceptions.remote(new Nested("no")))
        .isEqualTo(RemoteException.of("dev.stalk.worker", "ExceptionsTest$Nested", "no"));
  }

  @Test
  void aClassOfTheDefaultPackageHasAnEmptyModule(@TempDir Path folder) {
    Throwable homeless =
        (Throwable)
            CompiledClass.instance(
                folder, "Homeless", "public class Homeless extends RuntimeException {}");

    assertThat(exceptions.remote(homeless)).isEqualTo(RemoteException.of("", "Homeless"));
  }

  @Test
  void anExceptionWithoutMessageHasNoArguments() {
    assertThat(exceptions.remote(new IOException()).arguments()).isEmpty();
  }

  @Test
  void argumentsThatDoNotFitBecomePythonsTypeError() {
    assertThat(exceptions.remote(new TaskArgumentException("add() takes 2")))
        .isEqualTo(RemoteException.of("builtins", "TypeError", "add() takes 2"));
  }

  @ParameterizedTest
  @MethodSource
  void whatJavaAndPythonBothKnowIsPythonsOwnClass(Throwable error, String python) {
    assertThat(exceptions.remote(error)).isEqualTo(RemoteException.of("builtins", python, "no"));
  }

  static List<Arguments> whatJavaAndPythonBothKnowIsPythonsOwnClass() {
    return List.of(
        Arguments.of(new IllegalArgumentException("no"), "ValueError"),
        Arguments.of(new NumberFormatException("no"), "ValueError"),
        Arguments.of(new ClassCastException("no"), "TypeError"),
        Arguments.of(new ArrayIndexOutOfBoundsException("no"), "IndexError"),
        Arguments.of(new NoSuchElementException("no"), "LookupError"),
        Arguments.of(new UnsupportedOperationException("no"), "NotImplementedError"),
        Arguments.of(new TimeoutException("no"), "TimeoutError"),
        Arguments.of(new FileNotFoundException("no"), "FileNotFoundError"),
        Arguments.of(new IOException("no"), "OSError"),
        Arguments.of(new UncheckedIOException("no", new IOException("why")), "OSError"));
  }

  @Test
  void anExceptionOfTheUsersOwnKeepsItsName() {
    class Invalid extends IllegalArgumentException {
      private static final long serialVersionUID = 1L;

      Invalid() {
        super("no");
      }
    }

    assertThat(exceptions.remote(new Invalid()).type()).isEqualTo("ExceptionsTest$1Invalid");
    assertThat(
            new Exceptions(
                    Map.of(
                        IllegalArgumentException.class,
                        new Exceptions.PythonClass("shop.errors", "Invalid")))
                .remote(new Invalid()))
        .isEqualTo(RemoteException.of("shop.errors", "Invalid", "no"));
  }

  @Test
  void aPythonErrorIsStoredAsWhatItNames() {
    assertThat(exceptions.remote(new PythonError("shop.errors", "OutOfStock", "sku-1", 3)))
        .isEqualTo(RemoteException.of("shop.errors", "OutOfStock", "sku-1", 3));
  }

  @Test
  void aTracebackReadsAsPythonsDo() {
    Exception cause = new IOException("inner");
    cause.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement("com.acme.Disk", "read", "Disk.java", 7),
          new StackTraceElement("com.acme.Disk", "open", null, -1)
        });
    Exception error = new IllegalStateException("outer", cause);
    error.setStackTrace(
        new StackTraceElement[] {new StackTraceElement("com.acme.Shop", "sell", "Shop.java", 40)});
    error.addSuppressed(new IllegalStateException("while closing"));

    assertThat(Exceptions.traceback(error))
        .isEqualTo(
            """
            Traceback (most recent call last):
              File "<unknown>", in com.acme.Disk.open
              File "Disk.java", line 7, in com.acme.Disk.read
            java.io.IOException: inner

            The above exception was the direct cause of the following exception:

            Traceback (most recent call last):
              File "Shop.java", line 40, in com.acme.Shop.sell
            java.lang.IllegalStateException: outer
            Suppressed: java.lang.IllegalStateException: while closing
            """);
  }

  @Test
  void aCauseThatIsItsOwnCauseEnds() {
    Exception outer = new IllegalStateException("outer");
    outer.initCause(new IOException("inner", outer));

    assertThat(Exceptions.traceback(outer))
        .contains("[the cause is shown already: java.lang.IllegalStateException]")
        .contains("java.io.IOException: inner")
        .endsWith("java.lang.IllegalStateException: outer\n");
  }

  @Test
  void ofManyFramesTheMiddleIsLeftOut() {
    Error error = new Error("deep");
    StackTraceElement[] frames = new StackTraceElement[1000];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = new StackTraceElement("Deep", "call" + i, "Deep.java", i + 1);
    }
    error.setStackTrace(frames);

    String traceback = Exceptions.traceback(error);

    assertThat(traceback.lines()).hasSize(1 + 50 + 1 + 50 + 1);
    assertThat(traceback)
        .contains("Deep.call950\n  [900 frames are left out]\n")
        .contains("Deep.call49\n")
        .contains("Deep.call999\n")
        .contains("Deep.call0\n")
        .doesNotContain("Deep.call50\n");
  }

  @Test
  void ofManyCausesTheInnermostAreLeftOut() {
    Exception error = new IOException("cause 0");
    for (int i = 1; i < 100; i++) {
      error = new IOException("cause " + i, error);
    }

    assertThat(Exceptions.traceback(error))
        .startsWith("[further causes are left out]\n")
        .contains("cause 80\n")
        .doesNotContain("cause 70\n");
  }

  @Test
  void aLongMessageIsCutAndNoCharacterInTwo() {
    String prefix = "java.lang.Error: ";
    String smiles = "\uD83D\uDE00".repeat(40_000);

    String even = tracebackOf("x".repeat(16 * 1024 - prefix.length() - 100) + smiles);
    String odd = tracebackOf("x".repeat(16 * 1024 - prefix.length() - 101) + smiles);

    assertThat(even).endsWith("\uD83D\uDE00... (cut)\n");
    assertThat(odd).endsWith("\uD83D\uDE00... (cut)\n");
    assertThat(even).hasSize(16 * 1024 + "... (cut)\n".length());
    assertThat(odd).hasSize(16 * 1024 - 1 + "... (cut)\n".length());
  }

  private static String tracebackOf(String message) {
    Error error = new Error(message);
    error.setStackTrace(new StackTraceElement[0]);
    return Exceptions.traceback(error);
  }
}
