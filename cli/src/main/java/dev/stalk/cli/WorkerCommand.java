package dev.stalk.cli;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Transport;
import dev.stalk.worker.ConfigReload;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs a worker. */
@Command(
    name = "worker",
    description = {
      "Runs a worker until SIGTERM or SIGINT.",
      "It then fetches no more, gives running tasks the shutdown-timeout of its configuration, and"
          + " returns the rest to their queues. A broker that is away is waited for.",
      "Changed files are taken over while it runs, within seconds or at once on SIGHUP; what is wrong"
          + " with them is logged, and changes nothing."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    exitCodeListHeading = ExitCodes.HEADING,
    exitCodeList = {
      "0:stopped by a signal, and every running task had ended in time",
      "1:stopped by a signal, and tasks were interrupted; or the broker answered with an error",
      ExitCodes.USAGE_LINE,
      ExitCodes.INTERNAL_LINE,
      ExitCodes.REFUSED_LINE
    },
    footerHeading = "%nExample:%n",
    footer = "  stalk worker --config worker.yaml --classpath 'my-tasks.jar:lib/*'")
final class WorkerCommand implements Callable<Integer> {

  @Option(
      names = {"-c", "--config"},
      required = true,
      paramLabel = "FILE",
      description = "The worker's YAML file; of several, the later is laid over the earlier.")
  private List<Path> files = new ArrayList<>();

  @Option(
      names = "--classpath",
      paramLabel = "PATH",
      description = "Jars and directories with the tasks' classes; lib/* stands for every jar.")
  private @Nullable String classPath;

  @Option(
      names = {"-E", "--task-events"},
      description =
          "Tell monitors what happens to tasks, as 'events: { task: true }' in the file does.")
  private boolean taskEvents;

  @Override
  public Integer call() {
    if (classPath != null) {
      Thread.currentThread().setContextClassLoader(TaskClasses.loader(classPath));
    }
    WorkerConfig config = WorkerYaml.load(files, System.getenv()).config();
    Worker.Builder builder = Worker.builder().config(config);
    if (taskEvents) {
      builder.events(config.events().withTask());
    }
    Worker worker = builder.build();
    refuseEarly(config);
    try (ConfigReload reload = new ConfigReload(worker, files, System.getenv())) {
      reload.start();
      Hangup.handle(reload::reload);
      return worker.run() ? ExitCodes.OK : ExitCodes.FAILED;
    }
  }

  /**
   * A password that is wrong now will be wrong later: say so at once. A broker that is away may
   * come back, and the worker waits for it.
   */
  private static void refuseEarly(WorkerConfig config) {
    try (Transport transport = BrokerClient.transport(config.broker(), "stalk-worker")) {
      var unusedTime = transport.time();
      var unusedResult = transport.results().get("stalk-start");
    } catch (BrokerUnavailableException e) {
      return; // the worker logs it
    }
  }
}
