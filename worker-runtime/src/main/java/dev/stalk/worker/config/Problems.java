package dev.stalk.worker.config;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** Collects what is wrong with one file, so that it can be told at once. */
final class Problems {
  private final List<String> sources;
  private final List<Problem> found = new ArrayList<>();

  /** Of files that are read as one, the first named first. */
  Problems(List<String> sources) {
    this.sources = List.copyOf(sources);
  }

  Problems(String source) {
    this(List.of(source));
  }

  private Comparator<Problem> asInTheFiles() {
    // the environment, which is no file, comes first
    return Comparator.<Problem>comparingInt(problem -> sources.indexOf(problem.source()))
        .thenComparingInt(Problem::line)
        .thenComparingInt(Problem::column);
  }

  void add(Optional<Mark> mark, String path, String message) {
    // the parser counts from 0
    int line = mark.map(m -> m.getLine() + 1).orElse(0);
    int column = mark.map(m -> m.getColumn() + 1).orElse(0);
    String source = mark.map(Mark::getName).filter(sources::contains).orElse(sources.get(0));
    found.add(new Problem(source, line, column, path, message));
  }

  void addOfEnvironment(String variable, String message) {
    found.add(new Problem("environment", 0, 0, variable, message));
  }

  void addAll(List<Problem> problems) {
    found.addAll(problems);
  }

  void throwIfAny() {
    if (!found.isEmpty()) {
      throw new ConfigException(found.stream().sorted(asInTheFiles()).toList(), null);
    }
  }

  /** For what leaves nothing to read on with. */
  ConfigException fatal(int line, int column, String message) {
    return new ConfigException(
        List.of(new Problem(sources.get(0), line, column, "", message)), null);
  }

  /** For a file that could not be read. */
  ConfigException fatal(String message, @Nullable Throwable cause) {
    return new ConfigException(List.of(new Problem(sources.get(0), 0, 0, "", message)), cause);
  }
}
