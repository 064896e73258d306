package dev.stalk.peers;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Starts child processes, on Linux so that the kernel kills them when this virtual machine dies,
 * even from a SIGKILL, where no shutdown hook runs.
 *
 * <p>That is what {@code setpriv --pdeathsig} of util-linux does; where it is missing, children are
 * started without it. The kernel's word for "parent" there is the thread that forked, not its
 * process, so all children are started by one thread that never ends: {@code peers-launcher}, a
 * daemon.
 */
final class Launcher {

  private static final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread launcher = new Thread(work, "peers-launcher");
            launcher.setDaemon(true);
            return launcher;
          });

  private Launcher() {}

  /**
   * Starts the process. Waits for it to be started even when interrupted, as nobody would own it
   * otherwise; the interrupt is kept.
   *
   * @throws IOException if it cannot be started. A missing program is told this way only where
   *     {@code setpriv} is not used, so callers find their program first.
   */
  static Process start(ProcessBuilder builder) throws IOException {
    return call(
        () -> {
          builder.command(Stream.of(Leash.words, builder.command()).flatMap(List::stream).toList());
          return builder.start();
        });
  }

  /**
   * Runs something on the launching thread, so that no process is started while it runs. Needed to
   * write a program: a child forked meanwhile would hold the file open for writing, and the system
   * refuses to execute such a file ("text file busy").
   */
  static <T> T call(Callable<T> work) throws IOException {
    Future<T> future = thread.submit(work);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof IOException failure) {
            throw failure;
          }
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The words before a command that tie its life to ours; none where the system has no such. */
  private static final class Leash {

    private static final List<String> words =
        SearchPath.find("setpriv")
            .map(setpriv -> List.of(setpriv.toString(), "--pdeathsig", "KILL"))
            .filter(Leash::works)
            .orElse(List.of());

    private static boolean works(List<String> words) {
      try {
        Process probe =
            new ProcessBuilder(Stream.concat(words.stream(), Stream.of("true")).toList())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return probe.waitFor(5, TimeUnit.SECONDS) && probe.exitValue() == 0;
      } catch (IOException e) {
        return false;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }
}
