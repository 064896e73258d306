package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class TimeConverterTest {
  private final TimeConverter converter = new TimeConverter();

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "5, PT5S",
    "5s, PT5S",
    "0.5, PT0.5S",
    "500ms, PT0.5S",
    "2m, PT2M",
    "1.5h, PT1H30M",
    "1d, PT24H"
  })
  void aTimeIsANumberAndAUnitOrSeconds(String text, Duration time) {
    assertThat(converter.convert(text)).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "-1", "1w", "1h30m", "1 s", "1e3", "PT5S", "9999999999"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("'" + text + "' is not a length of time");
  }
}
