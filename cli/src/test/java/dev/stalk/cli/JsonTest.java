package dev.stalk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @Test
  void anArgumentThatIsJsonIsWhatItSays() {
    assertThat(Json.argument("2")).isEqualTo(2);
    assertThat(Json.argument("-2.5")).isEqualTo(-2.5);
    assertThat(Json.argument("123456789012345678901234567890"))
        .isEqualTo(new BigInteger("123456789012345678901234567890"));
    assertThat(Json.argument("true")).isEqualTo(true);
    assertThat(Json.argument("null")).isNull();
    assertThat(Json.argument("\"2\"")).isEqualTo("2");
    assertThat(Json.argument("[1, \"a\"]")).isEqualTo(List.of(1, "a"));
    assertThat(Json.argument("{\"a\": {}}")).isEqualTo(Map.of("a", Map.of()));
    assertThat(Json.argument("{\"__type__\": \"date\", \"__value__\": \"2026-11-22\"}"))
        .isEqualTo(LocalDate.of(2026, 11, 22));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "hello",
        "2026-11-22",
        "1 2",
        "01",
        "'a'",
        "{a}",
        "[1",
        "NaN",
        "Infinity",
        "-Infinity",
        "True",
        "None",
        "@file",
        "grüße"
      })
  void anyOtherArgumentIsText(String text) {
    assertThat(Json.argument(text)).isEqualTo(text);
  }

  @Test
  void everyResultHasALineOfJson() {
    assertThat(Json.line(null)).isEqualTo("null");
    assertThat(Json.line(Arrays.asList(1, null, "ä\n"))).isEqualTo("[1,null,\"ä\\n\"]");
    assertThat(Json.line(Double.NaN)).isEqualTo("\"NaN\"");
    assertThat(Json.line(new BigDecimal("1.10"))).isEqualTo("1.10");
    assertThat(Json.line(Instant.EPOCH)).isEqualTo("\"1970-01-01T00:00:00Z\"");
    assertThat(Json.line(new byte[] {1, 2})).isEqualTo("\"AQI=\"");
  }
}
