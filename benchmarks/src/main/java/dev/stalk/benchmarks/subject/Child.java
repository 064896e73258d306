package dev.stalk.benchmarks.subject;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The side of a {@link JavaProcess} that runs in it: says when it is ready, answers, ends. */
final class Child {
  static final String READY = "ready";
  static final String STATS = "stats";

  private Child() {}

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
    while (requests.readLine() != null) {
      Map<String, Double> all = new TreeMap<>(stats.get());
      all.put("allocated", allocated());
      all.put("collected", collectionSeconds());
      all.put("live", liveBytes());
      StringBuilder line = new StringBuilder(STATS);
      all.forEach((name, value) -> line.append(' ').append(name).append('=').append(value));
      System.out.println(line);
    }
    Runtime.getRuntime().halt(0);
  }

  /** Bytes allocated by the threads that live. */
  private static double allocated() {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    double sum = 0;
    for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
      sum += Math.max(0, bytes);
    }
    return sum;
  }

  private static double collectionSeconds() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
            .mapToLong(GarbageCollectorMXBean::getCollectionTime)
            .sum()
        / 1000.0;
  }

  /** What the last collection of each heap pool left over. */
  private static double liveBytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .map(MemoryPoolMXBean::getCollectionUsage)
        .filter(usage -> usage != null)
        .mapToLong(MemoryUsage::getUsed)
        .sum();
  }
}
