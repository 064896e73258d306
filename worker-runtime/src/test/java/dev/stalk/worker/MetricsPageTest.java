package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code docs/metrics.md} and the dashboard say is true. */
class MetricsPageTest {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern JAVADOC_ROW =
      Pattern.compile("<tr><td>(.+?)</td><td>(.+?)</td><td>(.+?)</td><td>(.+?)</td></tr>");
  private static final Pattern PAGE_ROW =
      Pattern.compile("(?m)^\\| `([^`]+)` \\| (.+?) \\| (.+?) \\| (.+?) \\|$");
  private static final Pattern METER = Pattern.compile("stalk_[a-z_]+");

  private static List<String> javadoc() throws IOException {
    Path file = Path.of("src", "main", "java", "dev", "stalk", "worker", "WorkerMetrics.java");
    String source = Files.readString(file).replaceAll("\\R\\s*\\*\\s*", "");
    return rows(JAVADOC_ROW.matcher(source));
  }

  private static List<String> rows(Matcher rows) {
    return rows.results()
        .map(
            row ->
                String.join(
                    "|", row.group(1), row.group(2).replace('_', ' '), row.group(3), row.group(4)))
        .toList();
  }

  @Test
  void theTableIsTheOneInTheJavadoc() throws IOException {
    assertThat(rows(PAGE_ROW.matcher(Files.readString(DOCS.resolve("metrics.md")))))
        .isEqualTo(javadoc());
  }

  @Test
  void theDashboardShowsOnlyMetersThereAre() throws IOException {
    Set<String> known =
        javadoc().stream()
            .map(row -> row.substring(0, row.indexOf('|')).replace('.', '_'))
            .collect(Collectors.toSet());
    JsonNode dashboard =
        JsonMapper.shared().readTree(DOCS.resolve("grafana").resolve("stalk.json").toFile());

    for (JsonNode panel : dashboard.get("panels")) {
      for (JsonNode target : panel.get("targets")) {
        METER
            .matcher(target.get("expr").asString())
            .results()
            .forEach(
                meter ->
                    assertThat(known)
                        .contains(
                            meter.group().replaceFirst("(_seconds)?(_count|_sum|_total)?$", "")));
      }
    }
    assertThat(dashboard.get("panels")).isNotEmpty();
  }
}
