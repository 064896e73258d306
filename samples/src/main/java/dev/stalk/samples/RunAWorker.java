package dev.stalk.samples;

import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerYaml;
import java.nio.file.Path;

/** How do I run a worker in my own service? */
public final class RunAWorker {
  private RunAWorker() {}

  /** Runs until SIGTERM: fetches no more, finishes what runs, returns the rest. */
  public static void main(String[] arguments) {
    Worker worker =
        Worker.builder()
            .config(WorkerYaml.load(Path.of("worker.yaml")))
            .tasks(new MathTasks())
            .task("tasks.echo", (context, args) -> args.positional())
            .build();
    worker.run();
  }
}
