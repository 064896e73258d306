package dev.stalk.benchmarks.subject;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A virtual machine that runs a program of this module and answers questions about itself; see
 * {@link Child} for its side. It ends with us, as its input does. Questions are asked by one thread
 * at a time.
 */
final class JavaProgram implements Running {
  private final Process process;
  private final OutputStream requests;
  private final BufferedReader replies;

  private JavaProgram(Process process) {
    this.process = process;
    this.requests = process.getOutputStream();
    this.replies =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts the program and waits until it says that it is ready. {@code BENCH_JAVA_OPTS} in the
   * environment holds further options for its virtual machine.
   *
   * @throws IllegalStateException if it ends instead
   */
  static JavaProgram start(Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xshare:auto");
    String options = System.getenv("BENCH_JAVA_OPTS");
    if (options != null && !options.isBlank()) {
      command.addAll(List.of(options.strip().split("\\s+", -1)));
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // the tasks that fail here do so on purpose, thousands of times a second
    builder.environment().putIfAbsent("STALK_LOG", "OFF");
    try {
      JavaProgram started = new JavaProgram(builder.start());
      started.expect(Child.READY);
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String expect(String beginning) throws IOException {
    String line = replies.readLine();
    if (line == null || !line.startsWith(beginning)) {
      close();
      throw new IllegalStateException("a program that was to say " + beginning + " said " + line);
    }
    return line;
  }

  @Override
  public long pid() {
    return process.pid();
  }

  @Override
  public Map<String, Double> stats() {
    return ask(Child.STATS);
  }

  @Override
  public double heapAfterCollection() {
    return ask(Child.COLLECT).getOrDefault("heap", Double.NaN);
  }

  private Map<String, Double> ask(String request) {
    try {
      requests.write((request + "\n").getBytes(StandardCharsets.UTF_8));
      requests.flush();
      Map<String, Double> stats = new HashMap<>();
      for (String word : expect(Child.STATS).split(" ", -1)) {
        int equals = word.indexOf('=');
        if (equals > 0) {
          stats.put(word.substring(0, equals), Double.parseDouble(word.substring(equals + 1)));
        }
      }
      return stats;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
