package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Times as the headers of any Celery have them. */
class PythonTimeTest {
  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "'.123', '.123'",
    "'.123456', '.123456'",
    "'.123456789', '.123456789'",
    "'.1', '.1'",
    "'.000001', '.000001'"
  })
  void everyFractionIsReadWithEveryOffset(String written, String fraction) {
    Instant instant = Instant.parse("2026-11-22T10:15:30" + fraction + "Z");

    assertThat(read("2026-11-22T10:15:30" + written)).as("none is UTC").isEqualTo(instant);
    assertThat(read("2026-11-22T10:15:30" + written + "Z")).isEqualTo(instant);
    assertThat(read("2026-11-22T10:15:30" + written + "+00:00")).isEqualTo(instant);
    assertThat(read("2026-11-22T12:15:30" + written + "+02:00")).isEqualTo(instant);
    assertThat(read("2026-11-22T12:15:30" + written + "+0200")).isEqualTo(instant);
    assertThat(read("2026-11-22T04:45:30" + written + "-05:30")).isEqualTo(instant);
    assertThat(read("2026-11-22 10:15:30" + written)).isEqualTo(instant);
  }

  private static Instant read(String text) {
    return PythonTime.parseInstant(text).toInstant();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "soon",
        "2026-11-22T10:15:30ZZ",
        "2026-11-22T10:15:30+02:00+0200",
        "2026-11-22T 10:15:30",
        "2026-11-2210:15:30",
        "2026-02-29T00:00:00",
        "2016-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-11-22T10:15:30 Europe/Warsaw"
      })
  void everythingElseIsRefused(String text) {
    assertThatThrownBy(() -> PythonTime.parseInstant(text))
        .isInstanceOf(DateTimeParseException.class);
  }

  @Test
  void whatIsWrittenHasSixDigitsAndAnOffset() {
    assertThat(PythonTime.stamp(PythonTime.parseInstant("2026-11-22T10:15:30Z")))
        .isEqualTo("2026-11-22T10:15:30.000000+00:00");
    assertThat(PythonTime.stamp(PythonTime.parseInstant("2026-11-22T10:15:30.123456789+0530")))
        .isEqualTo("2026-11-22T10:15:30.123456+05:30");
  }
}
