package dev.stalk.faults;

import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Celery workers, prefork. */
final class PythonWorkers implements WorkerKind {
  private static final int PROCESSES = 2;

  private final PythonEnvironment environment;
  private final Path sources;
  private final Map<String, String> variables;
  private final List<String> queues;

  /**
   * @param sources where {@code fault_tasks.py} lies
   * @param variables what it reads
   */
  PythonWorkers(
      PythonEnvironment environment,
      Path sources,
      Map<String, String> variables,
      List<String> queues) {
    this.environment = environment;
    this.sources = sources;
    this.variables = Map.copyOf(variables);
    this.queues = List.copyOf(queues);
  }

  @Override
  public Running start(String name) {
    return new PythonWorker(
        CeleryWorker.builder(environment)
            .app("fault_tasks")
            .directory(sources)
            .environment(variables)
            .environment("FAULTS_WORKER", name)
            .queues(queues.toArray(String[]::new))
            .concurrency(PROCESSES)
            .name(name + "@%h")
            .quiet()
            .start());
  }

  private record PythonWorker(CeleryWorker worker) implements Running {
    @Override
    public boolean isAlive() {
      return worker.isAlive();
    }

    @Override
    public void kill() {
      worker.kill();
    }

    @Override
    public boolean terminate(Duration patience) {
      return worker.terminate(patience);
    }

    @Override
    public void freeze() {
      worker.freeze();
    }

    @Override
    public void thaw() {
      worker.thaw();
    }

    @Override
    public List<String> output() {
      return worker.output();
    }
  }
}
