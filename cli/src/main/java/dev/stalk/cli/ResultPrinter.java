package dev.stalk.cli;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * Shows what is stored about a task.
 *
 * @param out for what was asked
 * @param err for what else there is to say
 * @param json whether it is shown as one JSON object
 * @param verbose whether tracebacks are shown
 */
record ResultPrinter(PrintWriter out, PrintWriter err, boolean json, boolean verbose) {

  static ResultPrinter of(CommandLine command, boolean json, boolean verbose) {
    return new ResultPrinter(command.getOut(), command.getErr(), json, verbose);
  }

  /** Shows the value that was waited for, or the failure. The exit code. */
  int printValue(TaskResult result) {
    if (json) {
      out.println(Json.line(object(result)));
    } else if (result.failure() == null) {
      out.println(Json.line(result.value()));
    } else {
      err.println(line(result, result.failure()));
      printTraceback(result);
    }
    return exitCode(result);
  }

  /** Shows the state, and the value or the failure after it. The exit code. */
  int printState(TaskResult result) {
    if (json) {
      out.println(Json.line(object(result)));
    } else if (result.failure() != null) {
      out.println(result.state() + " " + line(result, result.failure()));
      printTraceback(result);
    } else if (result.value() != null || result.state().equals(TaskState.SUCCESS)) {
      out.println(result.state() + " " + Json.line(result.value()));
    } else {
      out.println(result.state());
    }
    return exitCode(result);
  }

  private static int exitCode(TaskResult result) {
    return result.state().isFailed() ? ExitCodes.FAILED : ExitCodes.OK;
  }

  /** As Python ends a traceback. */
  private static String line(TaskResult result, RemoteException failure) {
    String type = failure.type().isEmpty() ? result.state().name() : failure.type();
    return failure.message().isEmpty() ? type : type + ": " + failure.message();
  }

  private void printTraceback(TaskResult result) {
    if (verbose && result.traceback() != null) {
      err.println(result.traceback().stripTrailing());
    }
  }

  private static Map<String, @Nullable Object> object(TaskResult result) {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    object.put("id", result.taskId());
    object.put("state", result.state().name());
    if (result.failure() != null) {
      object.put("error", error(result, result.failure()));
    } else if (!result.state().equals(TaskState.PENDING)) {
      object.put("result", result.value());
    }
    return object;
  }

  private static Map<String, @Nullable Object> error(TaskResult result, RemoteException failure) {
    Map<String, @Nullable Object> error = new LinkedHashMap<>();
    error.put("type", failure.type());
    error.put("module", failure.module());
    error.put("arguments", failure.arguments());
    error.put("traceback", result.traceback());
    return error;
  }
}
