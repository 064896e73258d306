package dev.stalk.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The packaged command in a process of its own. */
final class StalkProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String END = "(end)";

  private final Process process;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<String> seen = new ArrayList<>();

  private StalkProcess(ProcessBuilder builder) throws IOException {
    process = builder.redirectErrorStream(true).start();
    Thread reader = new Thread(this::read, "stalk-process-output");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts {@code java -jar stalk.jar} with these arguments. */
  static StalkProcess start(Map<String, String> environment, String... args) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", System.getProperty("stalk.jar")));
    command.addAll(List.of(args));
    return start(environment, command);
  }

  static StalkProcess start(Map<String, String> environment, List<String> command)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    return new StalkProcess(builder);
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      output.lines().forEach(lines::add);
    } catch (IOException | RuntimeException e) {
      lines.add("(" + e + ")");
    }
    lines.add(END);
  }

  /** Waits for a line that holds this, and returns it. */
  String await(String part) throws InterruptedException {
    while (true) {
      String line = lines.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      if (line == null || line.equals(END)) {
        throw new AssertionError("no line with '" + part + "' in:\n" + String.join("\n", seen));
      }
      seen.add(line);
      if (line.contains(part)) {
        return line;
      }
    }
  }

  /** Sends a signal by its name. */
  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-s", name, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits for the end: the exit code. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("still running; so far:\n" + output());
    }
    return process.exitValue();
  }

  /** What has been printed so far; everything once the process has ended. */
  String output() throws InterruptedException {
    while (!seen.contains(END)) {
      String line = lines.poll(process.isAlive() ? 0 : 5000, TimeUnit.MILLISECONDS);
      if (line == null) {
        break;
      }
      seen.add(line);
    }
    return String.join("\n", seen);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
