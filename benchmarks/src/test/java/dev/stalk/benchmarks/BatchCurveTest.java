package dev.stalk.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class BatchCurveTest {
  /** A round trip takes 100 µs, and each task of it 5 µs. */
  private static double rate(double batch) {
    return 1e6 / (5 + 100 / batch);
  }

  private final BatchCurve curve =
      new BatchCurve(Map.of(16.0, rate(16), 64.0, rate(64), 256.0, rate(256)));

  @Test
  void whatWasMeasuredIsOnTheCurve() {
    assertThat(curve.rate(16)).isCloseTo(rate(16), within(1e-6));
    assertThat(curve.rate(256)).isCloseTo(rate(256), within(1e-6));
  }

  @Test
  void aRoundTripsOwnCostIsSharedByItsTasks() {
    assertThat(curve.rate(40)).isCloseTo(rate(40), within(1e-6));
    assertThat(curve.rate(6.5)).isCloseTo(rate(6.5), within(1e-6));
    assertThat(curve.rate(300)).isCloseTo(rate(300), within(1e-6));
  }

  @Test
  void onePointIsNoCurve() {
    assertThatThrownBy(() -> new BatchCurve(Map.of(16.0, 1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two points");
  }
}
