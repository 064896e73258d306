package dev.stalk.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SampleTest {
  @Test
  void theMedianIsTheMiddleValueOrTheMeanOfTheTwoInTheMiddle() {
    assertThat(Sample.of(List.of(9.0, 1.0, 2.0)).median()).isEqualTo(2);
    assertThat(Sample.of(List.of(9.0, 1.0, 2.0, 4.0)).median()).isEqualTo(3);
  }

  @Test
  void aPercentileIsAValueThatWasMeasured() {
    Sample hundred =
        Sample.of(IntStream.rangeClosed(1, 100).mapToObj(value -> (double) value).toList());

    assertThat(hundred.percentile(50)).isEqualTo(50);
    assertThat(hundred.percentile(99)).isEqualTo(99);
    assertThat(hundred.percentile(99.9)).isEqualTo(100);
    assertThat(hundred.percentile(0.1)).isEqualTo(1);
  }

  @Test
  void theSpreadIsTheDistanceOfTheExtremesAsAShareOfTheMedian() {
    assertThat(Sample.of(List.of(90.0, 100.0, 120.0)).spread()).isEqualTo(0.3);
    assertThat(Sample.of(List.of(90.0)).spread()).isZero();
  }

  @Test
  void nothingMeasuredIsNotANumber() {
    Sample nothing = Sample.of(List.of());

    assertThat(nothing.median()).isNaN();
    assertThat(nothing.percentile(99)).isNaN();
    assertThat(nothing.max()).isNaN();
    assertThat(Figures.time(nothing.median())).isEqualTo("-");
  }
}
