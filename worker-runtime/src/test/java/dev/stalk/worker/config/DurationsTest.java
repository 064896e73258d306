package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

  @ParameterizedTest
  @CsvSource({
    "250ms, PT0.25S",
    "20s, PT20S",
    "1m, PT1M",
    "1h, PT1H",
    "1d, P1D",
    "0s, PT0S",
    "007s, PT7S",
    "36500d, P36500D"
  })
  void aNumberAndAUnitAreADuration(String text, Duration duration) {
    assertThat(Durations.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "20", "1.5", "3."})
  void aBareNumberIsRefusedAsItSaysNoUnit(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Durations.parse(text))
        .withMessage("the unit is missing: put ms, s, m, h or d behind the number, as in 20s");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "s",
        "-5s",
        "+5s",
        "1.5s",
        "20 s",
        " 20s",
        "20S",
        "20sec",
        "1h30m",
        "PT20S",
        "1w",
        "٣s",
        "9999999999999s",
        "forever"
      })
  void whatIsNoDurationIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Durations.parse(text))
        .withMessage("must be a whole number and a unit (ms, s, m, h or d), as in 20s");
  }

  @ParameterizedTest
  @ValueSource(strings = {"36501d", "999999999999d", "999999999999h"})
  void aDurationLongerThanACenturyIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Durations.parse(text))
        .withMessage("must be at most 36500d");
  }

  @ParameterizedTest
  @ValueSource(strings = {"250ms", "20s", "90s", "1m", "25h", "1d", "0s", "36500d"})
  void aDurationIsWrittenInItsLargestUnit(String text) {
    assertThat(Durations.format(Durations.parse(text))).isEqualTo(text);
  }

  @Test
  void oddDurationsAreWrittenTheWayJavaDoes() {
    assertThat(Durations.format(Duration.ofNanos(1))).isEqualTo("PT0.000000001S");
    assertThat(Durations.format(Duration.ofSeconds(-5))).isEqualTo("PT-5S");
    assertThat(Durations.format(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999)))
        .isEqualTo("PT2562047788015215H30M7.999999999S");
  }
}
