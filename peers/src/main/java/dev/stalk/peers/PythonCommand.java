package dev.stalk.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What all Python processes are started with: an interpreter, a working directory and variables.
 *
 * <p>They inherit the variables of this process but those that would make the outcome another on
 * another machine: Python's and Celery's own. They write no compiled files beside the sources. For
 * one thread.
 */
final class PythonCommand {

  private final PythonEnvironment environment;
  private final Map<String, String> variables = new LinkedHashMap<>();
  private @Nullable Path directory;

  PythonCommand(PythonEnvironment environment) {
    this.environment = environment;
  }

  void directory(Path existing) {
    this.directory = existing;
  }

  void variable(String name, String value) {
    variables.put(name, value);
  }

  void variables(Map<String, String> all) {
    variables.putAll(all);
  }

  /** The process to start, with these words behind the interpreter. */
  ProcessBuilder with(List<String> words) {
    List<String> command = new ArrayList<>(List.of(environment.python().toString()));
    command.addAll(words);
    ProcessBuilder builder = clean(new ProcessBuilder(command));
    builder.environment().putAll(variables);
    if (directory != null) {
      builder.directory(directory.toFile());
    }
    return builder;
  }

  /** Takes away what Python would inherit, and gives it what every one of ours needs. */
  static ProcessBuilder clean(ProcessBuilder builder) {
    Map<String, String> inherited = builder.environment();
    inherited.keySet().removeIf(name -> name.startsWith("PYTHON") || name.startsWith("CELERY"));
    inherited.put("PYTHONDONTWRITEBYTECODE", "1");
    inherited.put("PYTHONUNBUFFERED", "1");
    inherited.put("PYTHONIOENCODING", "utf-8");
    return builder;
  }
}
