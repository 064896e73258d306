package dev.stalk.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The lines a process has printed, the last {@value #KEPT} or more of them.
 *
 * <p>One thread fills it, any number read and wait. All fields are guarded by this object's
 * monitor.
 */
final class OutputLog {

  static final int KEPT = 5_000;

  private final List<String> lines = new ArrayList<>();
  private long forgotten;
  private boolean ended;

  /** Takes in all lines of the stream until it ends. To be called once, by the reading thread. */
  void readFrom(InputStream stream) {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        add(line);
      }
    } catch (IOException e) {
      add("(output unreadable: " + e + ")"); // as good as the end, but told
    } finally {
      end();
    }
  }

  private synchronized void add(String line) {
    if (lines.size() == 2 * KEPT) {
      lines.subList(0, KEPT).clear();
      forgotten += KEPT;
    }
    lines.add(line);
    notifyAll();
  }

  private synchronized void end() {
    ended = true;
    notifyAll();
  }

  /** Whether there will be no more lines. */
  synchronized boolean hasEnded() {
    return ended;
  }

  /** A copy of the lines so far. */
  synchronized List<String> lines() {
    return List.copyOf(lines);
  }

  /** The last lines, as a sentence that ends a message. */
  synchronized String tail(int count) {
    if (lines.isEmpty()) {
      return " It printed nothing.";
    }
    int from = Math.max(0, lines.size() - count);
    return " Its last lines:\n" + String.join("\n", lines.subList(from, lines.size()));
  }

  /**
   * Waits for a line, those printed before the call included. The predicate runs on the calling
   * thread and without a lock.
   *
   * @return the first such line, or nothing if the time is over or the output has ended without it
   */
  Optional<String> await(Predicate<String> wanted, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    Batch batch = after(0, deadline);
    while (!batch.lines.isEmpty()) {
      Optional<String> found = batch.lines.stream().filter(wanted).findFirst();
      if (found.isPresent()) {
        return found;
      }
      batch = after(batch.end, deadline);
    }
    return Optional.empty();
  }

  /** The lines from the given one on, as soon as there is one; none at the deadline or the end. */
  private synchronized Batch after(long start, long deadline) throws InterruptedException {
    while (start == forgotten + lines.size() && !ended) {
      long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (millis <= 0) {
        break;
      }
      wait(millis);
    }
    int from = (int) Math.max(0, start - forgotten);
    return new Batch(List.copyOf(lines.subList(from, lines.size())), forgotten + lines.size());
  }

  /** Some lines, and the number of the line that comes after them. */
  private record Batch(List<String> lines, long end) {}
}
