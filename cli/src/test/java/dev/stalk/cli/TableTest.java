package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {

  @Test
  void namesStandToTheLeftAndNumbersToTheRight() {
    StringWriter out = new StringWriter();

    Table.print(
        List.of(List.of("queue", "n"), List.of("a", "100"), List.of("longer", "1")),
        new PrintWriter(out, true));

    assertThat(out.toString().lines()).containsExactly("queue     n", "a       100", "longer    1");
  }
}
