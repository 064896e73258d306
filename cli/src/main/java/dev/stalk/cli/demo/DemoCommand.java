package dev.stalk.cli.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code stalk demo}. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Shows Java and Python sharing a Redis, on this machine alone.",
      "Starts a Redis, a Java worker and, where there is a Python 3, Celery workers on free ports;"
          + " exchanges tasks in every direction, checks the results, measures how a full slow"
          + " queue affects a fast one, and stops everything again."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {" 0:every check held", " 1:a check failed"})
public final class DemoCommand implements Callable<Integer> {
  @SuppressWarnings("NullAway.Init")
  @Spec
  private CommandSpec spec;

  @Option(
      names = "--tasks",
      paramLabel = "N",
      defaultValue = "500",
      description = "Tasks in each direction (default: ${DEFAULT-VALUE}).")
  private int tasks;

  @Override
  public Integer call() throws Exception {
    if (System.getenv("STALK_LOG") == null) {
      // the demo tells its own story; the tasks that fail in it do so on purpose
      ((Logger) LoggerFactory.getLogger("dev.stalk")).setLevel(Level.OFF);
    }
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    long start = System.nanoTime();
    DemoTable table;
    try (Demo demo = new Demo(tasks, line -> say(err, start, line))) {
      table = demo.run();
      say(err, start, "stopping everything");
    }
    out.println();
    out.print(table.render());
    out.flush();
    return table.allHeld() ? 0 : 1;
  }

  private static void say(PrintWriter out, long start, String line) {
    out.printf("%5.1f s  %s%n", (System.nanoTime() - start) / 1e9, line);
    out.flush();
  }
}
