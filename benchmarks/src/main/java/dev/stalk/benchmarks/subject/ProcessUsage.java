package dev.stalk.benchmarks.subject;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a process and its descendants have used, by Linux' {@code /proc}.
 *
 * @param processorSeconds user and system time of those that live
 * @param residentBytes memory in RAM; what processes share is counted once for each
 * @param threads how many there are
 */
public record ProcessUsage(double processorSeconds, double residentBytes, int threads) {
  private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux
  private static final int UTIME = 11; // counted from the state, which follows the name
  private static final int STIME = 12;

  /** Of a process and all its descendants; nothing of those that are gone. */
  public static ProcessUsage ofTree(long pid) {
    double seconds = 0;
    double bytes = 0;
    int threads = 0;
    for (long each : family(pid)) {
      ProcessUsage one = of(each);
      seconds += one.processorSeconds;
      bytes += one.residentBytes;
      threads += one.threads;
    }
    return new ProcessUsage(seconds, bytes, threads);
  }

  private static List<Long> family(long pid) {
    Stream<ProcessHandle> descendants =
        ProcessHandle.of(pid).map(ProcessHandle::descendants).orElse(Stream.empty());
    return Stream.concat(Stream.of(pid), descendants.map(ProcessHandle::pid)).toList();
  }

  /** Of this one process; nothing if it is gone. */
  public static ProcessUsage of(long pid) {
    Path directory = Path.of("/proc", Long.toString(pid));
    try {
      String stat = Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      double ticks = Double.parseDouble(fields[UTIME]) + Double.parseDouble(fields[STIME]);
      String status = Files.readString(directory.resolve("status"), StandardCharsets.ISO_8859_1);
      return new ProcessUsage(
          ticks / TICKS_PER_SECOND,
          1024 * number(status, "VmRSS:"),
          (int) number(status, "Threads:"));
    } catch (IOException e) {
      return new ProcessUsage(0, 0, 0); // it has just ended
    }
  }

  /**
   * Memory of a process and its descendants, each page shared by several counted once, by parts;
   * what is shared with strangers in part only.
   */
  public static double proportionalBytes(long pid) {
    return family(pid).stream().mapToDouble(ProcessUsage::proportionalBytesOf).sum();
  }

  private static double proportionalBytesOf(long pid) {
    Path file = Path.of("/proc", Long.toString(pid), "smaps_rollup");
    try {
      return 1024 * number(Files.readString(file, StandardCharsets.ISO_8859_1), "Pss:");
    } catch (IOException e) {
      return 0; // it has just ended
    }
  }

  private static double number(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name))
        .findFirst()
        .map(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")))
        .orElse(0.0);
  }
}
