package dev.stalk.benchmarks.subject;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The side of a {@link JavaProgram} that runs in it. The two talk over its input and output, a line
 * at a time: it says {@value #READY}, then answers each request with a line of figures.
 */
final class Child {
  static final String READY = "ready";

  /** Asks for figures as they are. */
  static final String STATS = "stats";

  /** Asks for a full collection first. */
  static final String COLLECT = "collect";

  private Child() {}

  /** The plan among the arguments of a program: all but the first. */
  static Plan plan(String[] arguments) {
    return Plan.parse(List.of(arguments).subList(1, arguments.length));
  }

  /** As {@link #serve(Supplier)}, with nothing further to tell. */
  static void serve() throws IOException {
    serve(Map::of);
  }

  /**
   * Says that it is ready and answers until the input ends, which is when the parent has; then
   * halts, whatever still runs.
   *
   * @param stats further figures to tell
   */
  static void serve(Supplier<Map<String, Double>> stats) throws IOException {
    System.out.println(READY);
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String request = requests.readLine(); request != null; request = requests.readLine()) {
      if (request.equals(COLLECT)) {
        System.gc();
      }
      Map<String, Double> all = new TreeMap<>(stats.get());
      all.put("allocated", allocated());
      all.put("heap", (double) ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
      StringBuilder line = new StringBuilder(STATS);
      all.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
      System.out.println(line);
    }
    Runtime.getRuntime().halt(0);
  }

  /** Bytes allocated by the threads that live. */
  private static double allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] bytes = threads.getThreadAllocatedBytes(threads.getAllThreadIds());
    return Arrays.stream(bytes).filter(each -> each > 0).sum();
  }
}
