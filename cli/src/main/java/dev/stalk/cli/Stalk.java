package dev.stalk.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The root command. */
@Command(
    name = "stalk",
    description = "Celery for the JVM: runs workers, sends tasks and looks after queues.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    subcommands = {
      WorkerCommand.class,
      ConfigCommand.class,
      SendCommand.class,
      ResultCommand.class,
      QueuesCommand.class,
      PeekCommand.class,
      PurgeCommand.class,
      DeleteCommand.class,
      QuarantineCommand.class,
      SelftestCommand.class
    },
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      ExitCodes.OK_LINE,
      "1:the task failed or gave no result in time, or a check failed",
      ExitCodes.USAGE_LINE,
      ExitCodes.UNAVAILABLE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    },
    footerHeading = "%nEnvironment:%n",
    footer = {
      "  REDIS_URL              the broker, where --url is not given",
      "  REDIS_MAX_CONNECTIONS  the most shared connections; 10 by default",
      "  REDIS_SOCKET_TIMEOUT   seconds to wait for an answer; 5 by default",
      "  STALK_LOG              error, warn, info (the default), debug or trace",
      "  STALK_LOG_FORMAT       json for an object in each line"
    })
public final class Stalk {
  private static final String DEMO = "dev.stalk.cli.demo.DemoCommand";

  private Stalk() {}

  /** Runs one command and ends the JVM with its exit code. */
  public static void main(String[] args) {
    CommandLine stalk =
        commandLine().setOut(writer(FileDescriptor.out)).setErr(writer(FileDescriptor.err));
    int code;
    try {
      code = stalk.execute(args);
    } catch (Throwable e) { // an Error, which picocli lets through
      code = Failures.report(e, stalk.getErr());
    }
    stalk.getOut().flush();
    stalk.getErr().flush();
    System.exit(code);
  }

  /** UTF-8 whatever the locale says: results are JSON, and JSON is UTF-8. */
  private static PrintWriter writer(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }

  /** The whole command, ready to be executed once. */
  static CommandLine commandLine() {
    CommandLine stalk = new CommandLine(new Stalk());
    addDemo(stalk);
    Failures failures = new Failures();
    return stalk
        .setExpandAtFiles(false) // a task's argument may begin with @
        .setExecutionExceptionHandler(failures)
        .setParameterExceptionHandler(failures)
        .setUsageHelpAutoWidth(true);
  }

  private static void addDemo(CommandLine stalk) {
    try {
      stalk.addSubcommand("demo", Class.forName(DEMO));
    } catch (ClassNotFoundException e) {
      return; // built without it
    }
  }
}
