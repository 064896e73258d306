package dev.stalk.peers;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * One Python virtual environment on disk, made when it is first needed.
 *
 * <p>It is made in place, as it cannot be moved, and a file written last says that it is complete;
 * without that file it is made anew. A lock file beside it lets one process at a time make it, and
 * a lock in this virtual machine one thread.
 *
 * @param directory where it lies, or is to lie
 * @param requirements what it holds
 * @param interpreter the Python to make it with, a name or a path
 */
record VirtualEnvironment(Path directory, Requirements requirements, String interpreter) {

  private static final Object makers = new Object();
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final String VENV_REMEDY =
      " Install Python 3.10 or newer with its venv module"
          + " (Debian, Ubuntu: apt-get install python3-venv).";
  private static final String PIP_REMEDY =
      " Look whether a Python package index can be reached from here (pip config list).";
  private static final String IMPORT_REMEDY =
      " See the versions of Python that this Celery runs on; 5.2 needs 3.10 or 3.11.";

  /** The environment's own interpreter. */
  Path python() {
    return directory.resolve("bin").resolve("python");
  }

  /**
   * Makes the environment unless it is there.
   *
   * @param progress told in a sentence what takes time, on this thread
   * @throws PeerUnavailableException if Python is missing or pip fails
   */
  void make(Consumer<String> progress) {
    if (isComplete()) {
      return;
    }
    try {
      makeLocked(progress);
    } catch (IOException e) {
      throw new PeerUnavailableException(
          "Cannot make a Python environment in " + directory + ": " + e + ".", e);
    }
  }

  private boolean isComplete() {
    return Files.exists(completeMark()) && Files.isExecutable(python());
  }

  private Path completeMark() {
    return directory.resolve("complete");
  }

  private void makeLocked(Consumer<String> progress) throws IOException {
    Files.createDirectories(directory.toAbsolutePath().getParent());
    Path lockFile = directory.resolveSibling(directory.getFileName() + ".lock");
    synchronized (makers) {
      try (FileChannel lock =
          FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        lock(lock, progress);
        if (!isComplete()) {
          build(progress);
        }
      }
    }
  }

  /** Closing the channel gives the lock back. */
  private void lock(FileChannel channel, Consumer<String> progress) throws IOException {
    if (channel.tryLock() == null) {
      progress.accept("waiting for another process that makes " + directory);
      channel.lock();
    }
  }

  private void build(Consumer<String> progress) throws IOException {
    Path base = interpreterPath();
    progress.accept(
        "making a Python environment with Celery "
            + requirements.celeryVersion()
            + " (once, about half a minute) in "
            + directory);
    FileTree.delete(directory);
    run(VENV_REMEDY, base.toString(), "-m", "venv", directory.toString());
    Path file = Files.writeString(directory.resolve("requirements.txt"), requirements.text());
    // every package is pinned in the file: nothing may come along that is not
    run(
        PIP_REMEDY,
        python().toString(),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--no-deps",
        "--disable-pip-version-check",
        "--requirement",
        file.toString());
    run(
        IMPORT_REMEDY,
        python().toString(),
        "-c",
        "import celery.bin.celery, kombu.transport.redis");
    Files.createFile(completeMark());
  }

  private Path interpreterPath() {
    return SearchPath.find(interpreter)
        .orElseThrow(
            () -> new PeerUnavailableException("There is no " + interpreter + "." + VENV_REMEDY));
  }

  private static void run(String remedy, String... command) {
    String title = String.join(" ", command);
    ProcessBuilder builder = PythonCommand.clean(new ProcessBuilder(List.of(command)));
    ChildProcess process = ChildProcess.start("python", builder.redirectErrorStream(true));
    if (!process.ended(PATIENCE)) {
      process.kill();
      throw process.trouble("Was stopped before its end: " + title + ".");
    }
    if (process.exitCode() != 0) {
      throw process.trouble("This failed: " + title + "." + remedy);
    }
  }
}
