package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultPrinterTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private static final TaskResult SUM = success(5);
  private static final TaskResult FAILURE =
      new TaskResult(
          "id",
          TaskState.FAILURE,
          null,
          RemoteException.of("builtins", "ValueError", "no"),
          "Traceback\n  ...\n",
          null,
          null,
          null);

  private static TaskResult success(Object value) {
    return new TaskResult("id", TaskState.SUCCESS, value, null, null, null, null, null);
  }

  private ResultPrinter printer(boolean json, boolean verbose) {
    return new ResultPrinter(new PrintWriter(out, true), new PrintWriter(err, true), json, verbose);
  }

  @Test
  void aValueIsPrintedAsJson() {
    assertThat(printer(false, false).printValue(success(Map.of("a", List.of(1))))).isZero();

    assertThat(out.toString().strip()).isEqualTo("{\"a\":[1]}");
  }

  @Test
  void aStateIsPrintedBeforeItsValue() {
    assertThat(printer(false, false).printState(SUM)).isZero();
    assertThat(printer(false, false).printState(TaskResult.pending("id"))).isZero();
    assertThat(printer(false, false).printState(success(null))).isZero();

    assertThat(out.toString().lines()).containsExactly("SUCCESS 5", "PENDING", "SUCCESS null");
  }

  @Test
  void aFailureEndsWith1AndGoesToStandardError() {
    assertThat(printer(false, false).printValue(FAILURE)).isEqualTo(1);

    assertThat(out.toString()).isEmpty();
    assertThat(err.toString().lines()).containsExactly("ValueError: no");
  }

  @Test
  void aTracebackIsShownWhenAskedFor() {
    assertThat(printer(false, true).printState(FAILURE)).isEqualTo(1);

    assertThat(out.toString().lines()).containsExactly("FAILURE ValueError: no");
    assertThat(err.toString().lines()).containsExactly("Traceback", "  ...");
  }

  @Test
  void aFailureWithoutATypeIsCalledByItsState() {
    TaskResult odd =
        new TaskResult(
            "id",
            TaskState.REVOKED,
            null,
            new RemoteException("", null, List.of()),
            null,
            null,
            null,
            null);

    assertThat(printer(false, true).printValue(odd)).isEqualTo(1);

    assertThat(err.toString().lines()).containsExactly("REVOKED");
  }

  @Test
  void asJsonEverythingIsOneObject() {
    assertThat(printer(true, false).printValue(SUM)).isZero();
    assertThat(printer(true, false).printState(TaskResult.pending("id"))).isZero();
    assertThat(printer(true, false).printState(FAILURE)).isEqualTo(1);

    assertThat(out.toString().lines())
        .containsExactly(
            "{\"id\":\"id\",\"state\":\"SUCCESS\",\"result\":5}",
            "{\"id\":\"id\",\"state\":\"PENDING\"}",
            "{\"id\":\"id\",\"state\":\"FAILURE\",\"error\":{\"type\":\"ValueError\","
                + "\"module\":\"builtins\",\"arguments\":[\"no\"],"
                + "\"traceback\":\"Traceback\\n  ...\\n\"}}");
    assertThat(err.toString()).isEmpty();
  }
}
