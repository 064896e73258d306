package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimitTest {

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1s",
    "1/s, 1, 1s",
    "100/m, 1, 600ms",
    "0.5/s, 1, 2s",
    "60/h, 1, 1m",
    "100/s, 1, 10ms",
    "1/, 1, 1s",
    "'1 /m', 1, 1m",
    "' 2', 1, 500ms",
    ".5, 1, 2s",
    "1e2, 1, 10ms",
    "1_00/m, 1, 600ms",
    "10000/s, 100, 10ms",
    "600000/m, 100, 10ms"
  })
  void aRateIsSpacedEvenly(String text, int limit, String period) {
    assertThat(RateLimit.parse(text)).isEqualTo(new RateLimit(limit, Durations.parse(period)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "0", "-1/s", "1/d", "x", "1 / s", "1/s/s", "0/m", "1/S", "inf", "nan", "1e999", "1__0",
        "1/ m"
      })
  void whatIsNoRateIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RateLimit.parse(text))
        .withMessageStartingWith("must be a number and a unit");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0/m, 0", "0.0, 0", "30/m, 0.5", "36/h, 0.01", "7, 7"})
  void itIsReadAsSoManyASecond(String text, double perSecond) {
    assertThat(RateLimit.perSecond(text)).isEqualTo(perSecond);
  }

  @Test
  void rangesAreKept() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RateLimit(0, Duration.ofSeconds(1)))
        .withMessage("limit-for-period must be between 1 and 1000000, not 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RateLimit(1, Duration.ZERO))
        .withMessage("limit-refresh-period must be between 1ms and 36500d, not 0s");
    assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.parse("999999999/s"));
  }
}
