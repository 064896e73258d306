package dev.stalk.worker.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** Collects what is wrong with one file, so that it can be told at once. */
final class Problems {
  private static final Comparator<Problem> AS_IN_THE_FILE =
      Comparator.comparingInt(Problem::line).thenComparingInt(Problem::column);

  private final String source;
  private final List<Problem> found = new ArrayList<>();

  Problems(String source) {
    this.source = source;
  }

  void add(Optional<Mark> mark, String path, String message) {
    // the parser counts from 0
    int line = mark.map(m -> m.getLine() + 1).orElse(0);
    int column = mark.map(m -> m.getColumn() + 1).orElse(0);
    found.add(new Problem(source, line, column, path, message));
  }

  void addOfEnvironment(String variable, String message) {
    found.add(new Problem("environment", 0, 0, variable, message));
  }

  void throwIfAny() {
    if (!found.isEmpty()) {
      throw new ConfigException(found.stream().sorted(AS_IN_THE_FILE).toList(), null);
    }
  }

  /** For what leaves nothing to read on with. */
  ConfigException fatal(int line, int column, String message) {
    return new ConfigException(List.of(new Problem(source, line, column, "", message)), null);
  }

  /** For a file that could not be read. */
  ConfigException fatal(String message, @Nullable Throwable cause) {
    return new ConfigException(List.of(new Problem(source, 0, 0, "", message)), cause);
  }
}
