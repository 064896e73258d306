package dev.stalk.peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * A Java program as a process of its own, on the Java that runs this one, so that it can be killed
 * and frozen.
 *
 * <p>Safe for use by many threads. Failures are {@link PeerUnavailableException}s with the
 * program's last lines.
 *
 * <pre>{@code
 * try (JavaProcess worker = JavaProcess.builder(MyWorker.class).arguments(url).start("ready")) {
 *   worker.kill();
 * }
 * }</pre>
 */
public final class JavaProcess implements AutoCloseable {

  private static final Duration STARTUP = Duration.ofSeconds(90);

  private final ChildProcess process;

  private JavaProcess(ChildProcess process) {
    this.process = process;
  }

  /** A process to be described, that runs the {@code main} method of this class. */
  public static Builder builder(Class<?> main) {
    return new Builder(main.getName());
  }

  /** The number of the process. */
  public long pid() {
    return process.pid();
  }

  /** Whether the process is there, frozen or not. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** What the program has printed on either stream, its last few thousand lines. */
  public List<String> output() {
    return process.output().lines();
  }

  /**
   * Asks the program to end with SIGTERM, and waits until it is gone. One that takes longer is
   * killed.
   *
   * @return whether it went by itself
   */
  public boolean terminate(Duration patience) {
    return process.terminate(patience);
  }

  /** Asks the program to end with SIGTERM, and does not wait. */
  public void signal() {
    process.signal();
  }

  /**
   * Sends the program a signal and does not wait for what it does.
   *
   * @param name without SIG, such as {@code QUIT}
   * @throws PeerUnavailableException if it is gone
   */
  public void signal(String name) {
    process.signal(name);
  }

  /**
   * Waits until the program has ended by itself.
   *
   * @return its exit code
   * @throws PeerUnavailableException if it takes longer
   */
  public int exitCode(Duration patience) {
    if (!process.ended(patience)) {
      throw process.trouble("The program did not end within " + patience + ".");
    }
    return process.exitCode();
  }

  /** Kills the program with SIGKILL and waits until it is gone. Does nothing to a dead one. */
  public void kill() {
    process.kill();
  }

  /** Stops the process with SIGSTOP: its connections stay open, and nothing goes on. */
  public void freeze() {
    process.freeze();
  }

  /** Lets a frozen process go on, with SIGCONT. */
  public void thaw() {
    process.thaw();
  }

  /** Kills the program if it is still there. */
  @Override
  public void close() {
    kill();
  }

  private Optional<String> find(Predicate<String> line) {
    try {
      return process.output().await(line, STARTUP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Describes a process. For one thread. */
  public static final class Builder {

    private final String main;
    private final List<String> options = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    private Builder(String main) {
      this.main = main;
    }

    /** Options of the virtual machine, as they are. */
    public Builder options(String... words) {
      options.addAll(Arrays.asList(words));
      return this;
    }

    /** The class path; by default that of this process, and of the tests where they run. */
    public Builder classPath(String path) {
      this.classPath = path;
      return this;
    }

    /** A variable besides those of this process. */
    public Builder environment(String name, String value) {
      environment.put(name, value);
      return this;
    }

    /** What the program's {@code main} is given. */
    public Builder arguments(String... words) {
      arguments.addAll(Arrays.asList(words));
      return this;
    }

    /**
     * Starts the program and waits until it has printed this line.
     *
     * @throws PeerUnavailableException if it ends, or has not printed it within 90 seconds
     */
    public JavaProcess start(String ready) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(options);
      command.addAll(List.of("-cp", classPath, main));
      command.addAll(arguments);
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().putAll(environment);
      JavaProcess started = new JavaProcess(ChildProcess.start("java", builder));
      if (started.find(ready::equals).isEmpty()) {
        PeerUnavailableException trouble =
            started.process.trouble("The Java program " + main + " did not print: " + ready + ".");
        started.kill();
        throw trouble;
      }
      return started;
    }
  }
}
