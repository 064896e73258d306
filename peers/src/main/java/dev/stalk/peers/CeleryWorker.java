package dev.stalk.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A real Celery worker, {@code celery -A MODULE worker}, with the processes of its pool.
 *
 * <p>Safe for use by many threads. Failures are {@link PeerUnavailableException}s with the worker's
 * last lines.
 *
 * <pre>{@code
 * try (CeleryWorker worker =
 *     CeleryWorker.builder(PythonEnvironment.celery()).app("tasks").directory(sources).start()) {
 *   worker.awaitOutput(line -> line.contains("succeeded"), Duration.ofSeconds(10));
 * }
 * }</pre>
 */
public final class CeleryWorker implements AutoCloseable {

  private static final Duration STARTUP = Duration.ofSeconds(90);
  private static final Duration WARM_SHUTDOWN = Duration.ofSeconds(60);

  private final ChildProcess process;

  private CeleryWorker(ChildProcess process) {
    this.process = process;
  }

  /** A worker to be described, of the Celery in that environment. */
  public static Builder builder(PythonEnvironment environment) {
    return new Builder(environment);
  }

  /** The number of the worker's main process. */
  public long pid() {
    return process.pid();
  }

  /** Whether the main process is there. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** What the worker has printed, its last few thousand lines. */
  public List<String> output() {
    return process.output().lines();
  }

  /**
   * Waits until the worker has printed a line, those it printed before the call included.
   *
   * @return the first such line
   * @throws PeerUnavailableException if there is none in time, or the worker ended without it
   */
  public String awaitOutput(Predicate<String> line, Duration patience) {
    return find(line, patience)
        .orElseThrow(
            () -> process.trouble("The Celery worker did not print that within " + patience + "."));
  }

  private Optional<String> find(Predicate<String> line, Duration patience) {
    try {
      return process.output().await(line, patience);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Waits up to a minute for a warm shutdown; see {@link #terminate(Duration)}. */
  public boolean terminate() {
    return terminate(WARM_SHUTDOWN);
  }

  /**
   * Asks the worker with SIGTERM for a warm shutdown, in which it finishes the tasks it runs, and
   * waits until it is gone. One that takes longer is killed.
   *
   * <p>A prefork worker asked while it runs a task, or right after, may take 30 seconds longer: now
   * and then the process that ran the task waits that long for its main process to have read the
   * result, which no longer reads (billiard's {@code _ensure_messages_consumed}). Other pools do
   * not.
   *
   * @return whether it went by itself
   */
  public boolean terminate(Duration patience) {
    return process.terminate(patience);
  }

  /**
   * Stops the worker and the processes of its pool with SIGSTOP: its connections stay open, and
   * nothing goes on.
   */
  public void freeze() {
    process.freezeFamily();
  }

  /** Lets a frozen worker go on, with SIGCONT. */
  public void thaw() {
    process.thawFamily();
  }

  /**
   * Kills the worker and the processes of its pool with SIGKILL, and waits until they are gone.
   * What they worked on stays unacknowledged.
   */
  public void kill() {
    process.kill();
  }

  /** Kills the worker if it is still there. For a worker that cleans up, terminate it before. */
  @Override
  public void close() {
    kill();
  }

  /** Describes a worker. For one thread. */
  public static final class Builder {

    private final PythonCommand command;
    private final List<String> options = new ArrayList<>();
    private @Nullable String app;
    private String pool = "prefork";

    private Builder(PythonEnvironment environment) {
      this.command = new PythonCommand(environment);
    }

    /** The module that holds the Celery app, as {@code celery -A} takes it. Needed. */
    public Builder app(String module) {
      this.app = module;
      return this;
    }

    /** The working directory, where the module lies. By default this process's own. */
    public Builder directory(Path existing) {
      command.directory(existing);
      return this;
    }

    /** The queues to work on. By default the app's. */
    public Builder queues(String... names) {
      return arguments("--queues", String.join(",", names));
    }

    /** The kind of pool: {@code prefork}, which is the default, {@code threads}, {@code solo}. */
    public Builder pool(String kind) {
      this.pool = kind;
      return this;
    }

    /** How many tasks to run at a time. By default one for each processor. */
    public Builder concurrency(int tasks) {
      return arguments("--concurrency", Integer.toString(tasks));
    }

    /**
     * The node name, in which {@code %h} is the name of the host. By default Celery's own; workers
     * that run at the same time on one broker need different ones.
     */
    public Builder name(String node) {
      return arguments("--hostname", node);
    }

    /** Has the worker ignore others: no mingle at the start, no gossip, no heartbeat. */
    public Builder quiet() {
      return arguments("--without-mingle", "--without-gossip", "--without-heartbeat");
    }

    /** A variable for the worker's environment. */
    public Builder environment(String name, String value) {
      command.variable(name, value);
      return this;
    }

    /** Variables for the worker's environment. */
    public Builder environment(Map<String, String> variables) {
      command.variables(variables);
      return this;
    }

    /** Further options of {@code celery worker}, as they are. */
    public Builder arguments(String... words) {
      options.addAll(Arrays.asList(words));
      return this;
    }

    /**
     * Starts the worker and waits until it says that it is ready, which is when it consumes.
     *
     * @throws IllegalStateException if no app was named
     * @throws PeerUnavailableException if it ends, or is not ready within 90 seconds
     */
    public CeleryWorker start() {
      CeleryWorker worker = new CeleryWorker(launch());
      if (worker.find(line -> line.endsWith(" ready."), STARTUP).isEmpty()) {
        PeerUnavailableException trouble =
            worker.process.trouble("The Celery worker did not become ready.");
        worker.kill();
        throw trouble;
      }
      return worker;
    }

    private ChildProcess launch() {
      if (app == null) {
        throw new IllegalStateException("a Celery worker needs an app(...)");
      }
      List<String> words = new ArrayList<>(List.of("-m", "celery", "-A", app, "worker"));
      words.addAll(List.of("--loglevel", "INFO", "--pool", pool));
      words.addAll(options);
      return ChildProcess.start("celery", command.with(words).redirectErrorStream(true));
    }
  }
}
