package dev.stalk.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes reports into the documentation: each into the section between {@code <!-- bench:NAME -->}
 * and {@code <!-- /bench:NAME -->} of the page that has one, its plots beside it, and its named
 * figures wherever a page has {@code <!-- figure:NAME -->} before and {@code <!-- /figure -->}
 * behind.
 *
 * @param directory where the pages are
 */
public record Pages(Path directory) {
  private static final List<String> NAMES = List.of("performance.md", "bulkheads.md");
  private static final String FIGURE_END = "<!-- /figure -->";

  /**
   * Replaces the section of that name, and the figures.
   *
   * @throws IOException if no page has such a section or figure, or it cannot be written
   */
  public void write(String name, Report report) throws IOException {
    writeSection(name, report.render());
    Path pictures = Files.createDirectories(directory.resolve("performance"));
    for (Map.Entry<String, Plot> plot : report.plots().entrySet()) {
      Files.writeString(pictures.resolve(plot.getKey()), plot.getValue().toSvg());
    }
    for (Map.Entry<String, String> figure : report.figures().entrySet()) {
      writeFigure(figure.getKey(), figure.getValue());
    }
  }

  private void writeFigure(String name, String text) throws IOException {
    String begin = "<!-- figure:" + name + " -->";
    Pattern place = Pattern.compile(Pattern.quote(begin) + ".*?" + Pattern.quote(FIGURE_END));
    boolean found = false;
    for (String page : NAMES) {
      Path file = directory.resolve(page);
      Matcher places = place.matcher(Files.exists(file) ? Files.readString(file) : "");
      if (places.find()) {
        found = true;
        Files.writeString(
            file, places.replaceAll(Matcher.quoteReplacement(begin + text + FIGURE_END)));
      }
    }
    if (!found) {
      throw new IOException(
          "no page of %s in %s has a figure %s".formatted(NAMES, directory, begin));
    }
  }

  private void writeSection(String name, String text) throws IOException {
    String begin = "<!-- bench:" + name + " -->\n";
    String end = "<!-- /bench:" + name + " -->";
    for (String page : NAMES) {
      Path file = directory.resolve(page);
      String old = Files.exists(file) ? Files.readString(file) : "";
      int from = old.indexOf(begin);
      int to = old.indexOf(end);
      if (from >= 0 && to > from) {
        Files.writeString(
            file, old.substring(0, from) + begin + "\n" + text + "\n" + old.substring(to));
        return;
      }
    }
    throw new IOException(
        "no page of %s in %s has a section %s".formatted(NAMES, directory, begin.strip()));
  }
}
