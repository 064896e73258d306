package dev.stalk.worker.config;

import java.io.Serializable;
import java.util.Objects;

/**
 * One thing that is wrong with a configuration, and where.
 *
 * @param source the file's name as it was given, or {@code environment}
 * @param line counted from 1; 0 if the problem has no place in a file
 * @param column counted from 1; 0 if the problem has no place in a file
 * @param path the keys that lead to the place, for example {@code queues.payments.threads}, or the
 *     name of an environment variable; empty for the file as a whole
 * @param message what is wrong, in one line without secrets
 */
public record Problem(String source, int line, int column, String path, String message)
    implements Serializable {

  public Problem {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(message, "message");
  }

  /** The line to print: {@code worker.yaml:12:5: queues.payments.threads: has no value}. */
  @Override
  public String toString() {
    String place = line == 0 ? source : "%s:%d:%d".formatted(source, line, column);
    return path.isEmpty() ? place + ": " + message : place + ": " + path + ": " + message;
  }
}
