package dev.stalk.cli.demo;

import java.util.ArrayList;
import java.util.List;

/** What the demo found: one row a check, good or not. */
final class DemoTable {

  private record Row(String what, String found, boolean held) {}

  private final List<Row> rows = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();

  void row(String what, boolean held, String found) {
    rows.add(new Row(what, found, held));
  }

  void leftOut(String what) {
    leftOut.add(what);
  }

  boolean allHeld() {
    return rows.stream().allMatch(Row::held);
  }

  String render() {
    int width = rows.stream().mapToInt(row -> row.what().length()).max().orElse(0);
    int found = rows.stream().mapToInt(row -> row.found().length()).max().orElse(0);
    String line = "+" + "-".repeat(width + 2) + "+" + "-".repeat(found + 2) + "+------+\n";
    StringBuilder text = new StringBuilder(line);
    for (Row row : rows) {
      text.append("| ").append(padded(row.what(), width));
      text.append(" | ").append(padded(row.found(), found));
      text.append(row.held() ? " | ok   |\n" : " | FAIL |\n");
    }
    text.append(line);
    leftOut.forEach(what -> text.append("left out: ").append(what).append('\n'));
    return text.toString();
  }

  private static String padded(String text, int width) {
    return text + " ".repeat(width - text.length());
  }
}
