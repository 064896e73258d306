package dev.stalk.cli;

import dev.stalk.broker.ResultTimeoutException;
import dev.stalk.broker.TaskFailedException;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.peers.PeerUnavailableException;
import dev.stalk.worker.config.ConfigException;
import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The one place where an exception becomes a line on standard error and an exit code. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    return report(e, command.getErr());
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("stalk: " + e.getMessage());
    if (!UnmatchedArgumentException.printSuggestions(e, err)) {
      err.printf("Try '%s --help'.%n", command.getCommandSpec().qualifiedName());
    }
    return ExitCodes.USAGE;
  }

  /** Says what went wrong, and with which code to end because of it. */
  static int report(Throwable e, PrintWriter err) {
    int code = exitCode(e);
    if (code == ExitCodes.INTERNAL) {
      err.println("stalk: internal error: " + e);
      if (!isTracing()) {
        err.println("Run it again with STALK_LOG=debug for the trace.");
      }
    } else {
      // a configuration's problems are lines that begin with file and place, as compilers write
      // them
      err.println(e instanceof ConfigException ? e.getMessage() : "stalk: " + e.getMessage());
    }
    printTrace(e, err);
    return code;
  }

  static int exitCode(Throwable e) {
    if (e instanceof BrokerRefusedException) {
      return ExitCodes.REFUSED;
    }
    if (e instanceof BrokerException broker) {
      return broker.isRetryable() ? ExitCodes.UNAVAILABLE : ExitCodes.FAILED;
    }
    if (e instanceof TaskFailedException
        || e instanceof ResultTimeoutException
        || e instanceof MalformedMessageException
        || e instanceof PeerUnavailableException) {
      return ExitCodes.FAILED;
    }
    return e instanceof ConfigException
            || e instanceof EncodingException
            || e instanceof IllegalArgumentException
        ? ExitCodes.USAGE
        : ExitCodes.INTERNAL;
  }

  private static void printTrace(Throwable e, PrintWriter err) {
    if (isTracing()) {
      e.printStackTrace(err);
    }
  }

  private static boolean isTracing() {
    String level = System.getenv(LogConfiguration.VARIABLE);
    return level != null && level.toLowerCase(Locale.ROOT).matches("debug|trace");
  }
}
