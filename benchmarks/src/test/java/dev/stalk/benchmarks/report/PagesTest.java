package dev.stalk.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.benchmarks.report.Plot.Scale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PagesTest {
  @TempDir private Path directory;

  private Report report() {
    Report report = new Report("drain");
    Table table = new Table("", "tasks");
    table.row("Stalk", "41,300/s");
    report.table(table);
    report.plot("rates", new Plot("rates", "", Scale.LINEAR, "", Scale.LINEAR));
    return report;
  }

  @Test
  void aReportTakesThePlaceOfTheOneBefore() throws IOException {
    Path page = directory.resolve("performance.md");
    Files.writeString(page, "before\n<!-- bench:drain -->\nold\n<!-- /bench:drain -->\nafter\n");

    new Pages(directory).write("drain", report());
    new Pages(directory).write("drain", report());

    assertThat(Files.readString(page))
        .startsWith("before\n")
        .endsWith("<!-- /bench:drain -->\nafter\n")
        .containsOnlyOnce("| Stalk | 41,300/s |")
        .contains("(performance/drain-rates.svg)")
        .doesNotContain("old");
    assertThat(directory.resolve("performance/drain-rates.svg")).isNotEmptyFile();
  }

  @Test
  void aPageWithoutTheSectionIsAnError() throws IOException {
    Files.writeString(directory.resolve("performance.md"), "<!-- bench:send -->\n");

    assertThatThrownBy(() -> new Pages(directory).write("drain", report()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("<!-- bench:drain -->");
  }

  @Test
  void aNamedFigureIsToldWhereverAPageWantsIt() throws IOException {
    Path page = directory.resolve("performance.md");
    String section = "<!-- bench:drain -->\n<!-- /bench:drain -->\n";
    Files.writeString(
        page, section + "| at least 30 × | <!-- figure:drain-celery -->?<!-- /figure --> |\n");
    Report report = report();
    report.figure("drain-celery", "28.4 ×");

    new Pages(directory).write("drain", report);
    report.figure("drain-celery", "34.6 ×");
    new Pages(directory).write("drain", report);

    assertThat(Files.readString(page))
        .contains("| at least 30 × | <!-- figure:drain-celery -->34.6 ×<!-- /figure --> |");
  }

  @Test
  void aFigureThatNoPageTellsIsAnError() throws IOException {
    Path page = directory.resolve("performance.md");
    Files.writeString(page, "<!-- bench:drain -->\n<!-- /bench:drain -->\n");
    Report report = report();
    report.figure("drain-celery", "28.4 ×");

    assertThatThrownBy(() -> new Pages(directory).write("drain", report))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("<!-- figure:drain-celery -->");
  }
}
