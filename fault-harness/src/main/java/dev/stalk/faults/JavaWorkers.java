package dev.stalk.faults;

import dev.stalk.peers.JavaProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Stalk workers. */
final class JavaWorkers implements WorkerKind {
  private static final int THREADS = 3;

  private final String url;
  private final Path journals;
  private final List<String> queues;

  JavaWorkers(String url, Path journals, List<String> queues) {
    this.url = url;
    this.journals = journals;
    this.queues = List.copyOf(queues);
  }

  @Override
  public Running start(String name) {
    JavaProcess process =
        JavaProcess.builder(JavaWorkerMain.class)
            .options("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m")
            .arguments(
                url, journals.toString(), name, Integer.toString(THREADS), String.join(",", queues))
            .start(JavaWorkerMain.READY);
    return new JavaWorker(process);
  }

  private record JavaWorker(JavaProcess process) implements Running {
    @Override
    public boolean isAlive() {
      return process.isAlive();
    }

    @Override
    public void kill() {
      process.kill();
    }

    @Override
    public boolean terminate(Duration patience) {
      return process.terminate(patience);
    }

    @Override
    public void freeze() {
      process.freeze();
    }

    @Override
    public void thaw() {
      process.thaw();
    }

    @Override
    public List<String> output() {
      return process.output();
    }
  }
}
