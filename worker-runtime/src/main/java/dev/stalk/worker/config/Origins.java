package dev.stalk.worker.config;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;

/** Remembers where each value that was read stood. */
final class Origins {
  private final Map<String, String> places = new HashMap<>();

  void add(String path, Optional<Mark> mark) {
    mark.ifPresent(
        m -> places.put(path, m.getName() + ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1)));
  }

  void addOfEnvironment(String path, String variable) {
    places.put(path, "environment " + variable);
  }

  Optional<String> of(String path) {
    return Optional.ofNullable(places.get(path));
  }
}
