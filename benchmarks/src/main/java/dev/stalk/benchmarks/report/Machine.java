package dev.stalk.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;

/** What the figures were taken on: without it they say nothing. */
public final class Machine {
  private Machine() {}

  /** One line about the machine and its software, but for the peers. */
  public static String describe() {
    Runtime runtime = Runtime.getRuntime();
    return "%s; %d processors (%s), %s, Linux %s, Java %s (%s)"
        .formatted(
            LocalDate.now(ZoneOffset.UTC),
            runtime.availableProcessors(),
            field("/proc/cpuinfo", "model name").orElse("unknown"),
            field("/proc/meminfo", "MemTotal").map(Machine::gibibytes).orElse("memory unknown"),
            System.getProperty("os.version"),
            Runtime.version(),
            System.getProperty("java.vm.name"));
  }

  private static String gibibytes(String kibibytes) {
    return "%.0f GiB".formatted(Long.parseLong(kibibytes.split(" ", -1)[0]) / (double) (1 << 20));
  }

  private static Optional<String> field(String file, String name) {
    try (var lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // not Linux: the rest is said all the same
    }
  }
}
