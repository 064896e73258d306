package dev.stalk.peers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * One child process with its descendants: started so that it does not outlive this virtual machine,
 * its output read and kept.
 *
 * <p>A daemon thread {@code peer-NAME-output} reads what the process prints until the output ends,
 * which is when the process and those that inherited its output are gone. Safe for use by many
 * threads.
 */
final class ChildProcess {

  private static final int TAIL = 25;
  private static final Duration DEATH = Duration.ofSeconds(5);

  private final String name;
  private final Process process;
  private final OutputLog output = new OutputLog();
  private final Thread outputReader;
  private final AtExit.Registration atExit;

  private ChildProcess(String name, Process process, InputStream printed) {
    this.name = name;
    this.process = process;
    this.atExit = AtExit.run(this::killFamily);
    this.outputReader = new Thread(() -> output.readFrom(printed), "peer-" + name + "-output");
    outputReader.setDaemon(true);
    outputReader.start();
  }

  /**
   * Starts a process. Where the builder merges standard error into standard output, both are kept
   * as the process's output; otherwise only standard error is, and standard output is the caller's
   * to read.
   *
   * @param name what to call it in thread names and messages
   * @throws PeerUnavailableException if the system cannot start it
   */
  static ChildProcess start(String name, ProcessBuilder builder) {
    try {
      Process process = Launcher.start(builder);
      InputStream printed =
          builder.redirectErrorStream() ? process.getInputStream() : process.getErrorStream();
      return new ChildProcess(name, process, printed);
    } catch (IOException e) {
      throw new PeerUnavailableException("Cannot start " + name + ": " + e.getMessage() + ".", e);
    }
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  OutputLog output() {
    return output;
  }

  InputStream standardOutput() {
    return process.getInputStream();
  }

  OutputStream standardInput() {
    return process.getOutputStream();
  }

  /** An exception that tells the given trouble, how the process is and what it printed last. */
  PeerUnavailableException trouble(String what) {
    return new PeerUnavailableException(what + " " + fate() + output.tail(TAIL));
  }

  private String fate() {
    // a process that has closed its output is about to end: then its exit code says more
    Duration wait = output.hasEnded() ? DEATH : Duration.ZERO;
    if (!ended(wait)) {
      return "The process " + pid() + " is alive.";
    }
    return "The process " + pid() + " ended with exit code " + process.exitValue() + ".";
  }

  /** Stops the process with SIGSTOP. When this returns on Linux, it has stopped. */
  void freeze() {
    signal("STOP");
    until(() -> ProcessState.of(pid()) == ProcessState.STOPPED);
  }

  /** Lets a stopped process go on, with SIGCONT. */
  void thaw() {
    signal("CONT");
  }

  /**
   * Stops the process with its descendants, itself first, so that it starts no more meanwhile. When
   * this returns on Linux, all have stopped.
   */
  void freezeFamily() {
    freeze();
    List<Long> descendants = descendants();
    if (!descendants.isEmpty()) {
      signal("STOP", descendants);
      until(() -> descendants.stream().noneMatch(ChildProcess::isActive));
    }
  }

  /** Lets a stopped process go on with its descendants, itself last. */
  void thawFamily() {
    List<Long> descendants = descendants();
    if (!descendants.isEmpty()) {
      signal("CONT", descendants);
    }
    thaw();
  }

  private List<Long> descendants() {
    return process.descendants().map(ProcessHandle::pid).toList();
  }

  private static boolean isActive(long pid) {
    return ProcessState.of(pid) == ProcessState.ACTIVE;
  }

  /** Sends this signal, such as {@code QUIT}, and waits until it is sent. */
  void signal(String signal) {
    signal(signal, List.of(pid()));
  }

  private void signal(String signal, List<Long> pids) {
    String numbers = pids.stream().map(String::valueOf).collect(Collectors.joining(" "));
    ProcessBuilder kill =
        new ProcessBuilder("sh", "-c", "kill -s " + signal + " " + numbers)
            .redirectErrorStream(true);
    ChildProcess sender = start("kill", kill);
    if (!sender.ended(DEATH) || sender.exitCode() != 0) {
      throw sender.trouble("Cannot send SIG" + signal + " to " + name + ".");
    }
  }

  /** The code the process ended with; it must have ended. */
  int exitCode() {
    return process.exitValue();
  }

  /**
   * Waits for the process to end by itself, and for its output to be complete then.
   *
   * @return whether it ended in time; an interrupt counts as no, and is kept
   */
  boolean ended(Duration patience) {
    try {
      if (!process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        return false;
      }
      joinOutput();
      atExit.cancel();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Asks the process to end with SIGTERM. */
  void signal() {
    process.toHandle().destroy(); // Process.destroy() would close the output that is still to come
  }

  /**
   * Asks the process to end with SIGTERM, waits, and kills it if it is still there.
   *
   * @return whether it ended by itself
   */
  boolean terminate(Duration patience) {
    signal();
    boolean obeyed = ended(patience);
    if (!obeyed) {
      kill();
    }
    return obeyed;
  }

  /**
   * Kills the process and its descendants with SIGKILL and waits until they are gone. Does nothing
   * to a process that has ended.
   */
  void kill() {
    killFamily();
    joinOutput();
    atExit.cancel();
  }

  private void killFamily() {
    // asked first: the children of a dead parent are not to be found any more
    List<ProcessHandle> descendants = process.descendants().toList();
    process.toHandle().destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
    until(() -> !process.isAlive() && descendants.stream().noneMatch(ChildProcess::runs));
  }

  /** A zombie counts as gone: it holds nothing but its number. */
  private static boolean runs(ProcessHandle handle) {
    return handle.isAlive() && ProcessState.of(handle.pid()) != ProcessState.DEAD;
  }

  /** The end of the process is the end of its output, unless it left a stranger behind. */
  private void joinOutput() {
    try {
      outputReader.join(DEATH.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Looks until it is so; not longer than a process may reasonably take to die or to stop. */
  private static void until(BooleanSupplier isSo) {
    long deadline = System.nanoTime() + DEATH.toNanos();
    boolean interrupted = false;
    while (!isSo.getAsBoolean() && System.nanoTime() < deadline) {
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
