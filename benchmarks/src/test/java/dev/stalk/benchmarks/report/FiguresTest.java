package dev.stalk.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void threeDigitsCount() {
    assertThat(Figures.rate(41_279)).isEqualTo("41,300/s");
    assertThat(Figures.number(123.4)).isEqualTo("123");
    assertThat(Figures.number(12.34)).isEqualTo("12.3");
    assertThat(Figures.number(0.1234)).isEqualTo("0.12");
  }

  @Test
  void unitsSuitTheSize() {
    assertThat(Figures.time(0.000_081)).isEqualTo("81.0 µs");
    assertThat(Figures.time(0.002_81)).isEqualTo("2.81 ms");
    assertThat(Figures.time(12)).isEqualTo("12.0 s");
    assertThat(Figures.bytes(1 << 20)).isEqualTo("1.00 MiB");
  }

  @Test
  void theSpreadOfSeveralRunsIsTold() {
    assertThat(Figures.rate(Sample.of(List.of(90.0, 100.0, 110.0)))).isEqualTo("100/s ±10 %");
    assertThat(Figures.rate(Sample.of(List.of(90.0)))).isEqualTo("90.0/s");
  }
}
