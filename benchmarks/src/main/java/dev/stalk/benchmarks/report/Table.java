package dev.stalk.benchmarks.report;

import java.util.ArrayList;
import java.util.List;

/** Rows of text under a heading. Not thread-safe. */
public final class Table {
  private final List<String> heading;
  private final List<List<String>> rows = new ArrayList<>();

  /** An empty table with these columns. */
  public Table(String... columns) {
    heading = List.of(columns);
  }

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException if it has not one cell for each column
   */
  public void row(String... cells) {
    if (cells.length != heading.size()) {
      throw new IllegalArgumentException(
          "a row of %d cells under %d columns".formatted(cells.length, heading.size()));
    }
    rows.add(List.of(cells));
  }

  /** As Markdown, the columns aligned so that it reads well as plain text too. */
  public String render() {
    int[] widths = new int[heading.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = heading.get(column).length();
      for (List<String> row : rows) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    line(text, heading, widths);
    line(text, heading.stream().map(name -> "---").toList(), widths);
    rows.forEach(row -> line(text, row, widths));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells, int[] widths) {
    text.append('|');
    for (int column = 0; column < widths.length; column++) {
      String cell = cells.get(column);
      text.append(' ').append(cell).append(" ".repeat(widths[column] - cell.length())).append(" |");
    }
    text.append('\n');
  }
}
