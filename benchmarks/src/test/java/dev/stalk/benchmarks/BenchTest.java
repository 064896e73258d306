package dev.stalk.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class BenchTest {
  @Test
  void everyBenchmarkHasANameOfItsOwnAndASectionInThePages() throws IOException {
    assertThat(Bench.ALL).extracting(Benchmark::name).doesNotHaveDuplicates().doesNotContain("all");
    String pages = Files.readString(Path.of("../docs/performance.md"));
    Path bulkheads = Path.of("../docs/bulkheads.md");
    pages += Files.exists(bulkheads) ? Files.readString(bulkheads) : "";
    for (Benchmark each : Bench.ALL) {
      assertThat(pages)
          .contains("<!-- bench:%s -->\n".formatted(each.name()))
          .contains("<!-- /bench:%s -->".formatted(each.name()));
    }
  }

  @Test
  void anUnknownNameIsRefusedBeforeAnythingIsMeasured() {
    StringWriter errors = new StringWriter();

    int code = new CommandLine(new Bench()).setErr(new PrintWriter(errors)).execute("drian");

    assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString()).contains("no benchmark drian").contains("./bench list");
  }
}
