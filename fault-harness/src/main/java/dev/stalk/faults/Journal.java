package dev.stalk.faults;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;

/**
 * Where a worker process notes what it runs: a file that no fault touches. A line is one write to
 * the end of the file, so what was noted before a {@code kill -9} stays noted. The Python workers
 * write the same lines ({@code fault_tasks.py}). Thread-safe.
 *
 * <pre>
 * B ID TIME    the task began
 * E ID TIME    its work is done; the worker has yet to say so to Redis
 * S FROM TO    this process was given no time
 * </pre>
 */
final class Journal implements AutoCloseable {
  static final String SUFFIX = ".journal";

  /** Not a channel: that would be closed by an interrupt of a task's thread. */
  private final OutputStream file;

  private final Clock clock;

  private Journal(OutputStream file, Clock clock) {
    this.file = file;
    this.clock = clock;
  }

  /** The journal of one worker process, in that directory. */
  static Journal open(Path directory, String worker, Clock clock) {
    try {
      return new Journal(
          new FileOutputStream(directory.resolve(worker + SUFFIX).toFile(), true), clock);
    } catch (IOException e) {
      throw new UncheckedIOException("the journal of " + worker + " cannot be opened", e);
    }
  }

  void began(String id) {
    write("B " + id + " " + clock.millis());
  }

  void done(String id) {
    write("E " + id + " " + clock.millis());
  }

  void stood(Span span) {
    write("S " + span.from() + " " + span.to());
  }

  private void write(String line) {
    try {
      byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
      synchronized (file) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the journal cannot be written", e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
