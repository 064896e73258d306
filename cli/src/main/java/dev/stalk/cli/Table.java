package dev.stalk.cli;

import java.io.PrintWriter;
import java.util.List;

/** Rows of text in columns: the first to the left, numbers to the right. */
final class Table {
  private static final String GAP = "  ";

  private Table() {}

  /** Prints rows of equal length, the first of which is the head. */
  static void print(List<List<String>> rows, PrintWriter out) {
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        String padding = " ".repeat(width(rows, column) - row.get(column).length());
        line.append(column == 0 ? row.get(column) + padding : GAP + padding + row.get(column));
      }
      out.println(line);
    }
  }

  private static int width(List<List<String>> rows, int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }
}
