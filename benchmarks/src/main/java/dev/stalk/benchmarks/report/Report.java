package dev.stalk.benchmarks.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one benchmark found: tables, plots and remarks in the order they were added, and figures by
 * name. Not thread-safe.
 */
public final class Report {
  private final String name;
  private final List<String> parts = new ArrayList<>();
  private final Map<String, Plot> plots = new LinkedHashMap<>();
  private final Map<String, String> figures = new LinkedHashMap<>();
  private final List<String> failures = new ArrayList<>();

  /**
   * An empty report.
   *
   * @param name the benchmark's name, with which the files of its plots begin
   */
  public Report(String name) {
    this.name = name;
  }

  /** Adds a table. */
  public void table(Table table) {
    parts.add(table.render());
  }

  /** Adds a remark, a line of its own. */
  public void remark(String text) {
    parts.add(text + "\n");
  }

  /**
   * Adds a plot.
   *
   * @param what completes the file's name
   */
  public void plot(String what, Plot plot) {
    String file = name + "-" + what + ".svg";
    plots.put(file, plot);
    parts.add("![%s](performance/%s)\n".formatted(what, file));
  }

  /**
   * Names a figure, for pages that tell it in a text or a table of their own.
   *
   * @param figure its name, such as {@code drain-celery}
   */
  public void figure(String figure, String text) {
    figures.put(figure, text);
  }

  /** Says that something which must hold did not, in a sentence. */
  public void failure(String sentence) {
    failures.add(sentence);
    remark("**Failed:** " + sentence);
  }

  /** The named figures. */
  public Map<String, String> figures() {
    return figures;
  }

  /** What must hold, and did not. */
  public List<String> failures() {
    return failures;
  }

  /** The plots by the name of their file. */
  public Map<String, Plot> plots() {
    return plots;
  }

  /** All of it as Markdown. */
  public String render() {
    return String.join("\n", parts);
  }
}
