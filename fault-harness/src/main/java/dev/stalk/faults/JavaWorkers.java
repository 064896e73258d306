package dev.stalk.faults;

import dev.stalk.peers.JavaProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Stalk workers. */
final class JavaWorkers implements WorkerKind {
  private static final int THREADS = 3;

  private static final Duration FIRST_STOP = Duration.ofSeconds(30);

  private final String url;
  private final Path journals;
  private final List<String> queues;
  private final Path archive;

  /**
   * Runs a first worker for a moment, which leaves an archive of the classes it has loaded: with it
   * the others start in half the time.
   *
   * @param directory where the archive is to be
   */
  JavaWorkers(String url, Path journals, Path directory, List<String> queues) {
    this.url = url;
    this.journals = journals;
    this.queues = List.copyOf(queues);
    this.archive = directory.resolve("worker.jsa");
    try (JavaProcess first = process("java-0", "-XX:ArchiveClassesAtExit=" + archive)) {
      first.terminate(FIRST_STOP);
    }
  }

  @Override
  public Running start(String name) {
    return new JavaWorker(process(name, "-XX:SharedArchiveFile=" + archive));
  }

  private JavaProcess process(String name, String archiving) {
    return JavaProcess.builder(JavaWorkerMain.class)
        .options("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx128m")
        .options("-Xlog:cds=off", "-Xlog:cds+dynamic=off", archiving)
        .arguments(
            url, journals.toString(), name, Integer.toString(THREADS), String.join(",", queues))
        .start(JavaWorkerMain.READY);
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
