package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.text;
import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.CharBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class JavaValuesTest {
  private static final UUID UUID_1 = UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  private static final OffsetDateTime AT = OffsetDateTime.parse("2024-01-02T03:04:05.678901+05:30");

  private record Point(int x, double y) {}

  private record Order(UUID id, Instant at, BigDecimal price, Optional<String> note) {}

  /** Java value, kombu's type and value, and what is read back. */
  private static Stream<Arguments> marked() {
    return Stream.of(
        arguments(AT, "datetime", "\"2024-01-02T03:04:05.678901+05:30\"", AT),
        arguments(
            Instant.parse("2024-01-02T03:04:05Z"),
            "datetime",
            "\"2024-01-02T03:04:05+00:00\"",
            OffsetDateTime.parse("2024-01-02T03:04:05Z")),
        arguments(
            Instant.parse("2024-01-02T03:04:05.123456789Z"),
            "datetime",
            "\"2024-01-02T03:04:05.123456+00:00\"",
            OffsetDateTime.parse("2024-01-02T03:04:05.123456Z")),
        arguments(
            ZonedDateTime.of(2024, 7, 1, 12, 0, 0, 0, ZoneId.of("Europe/Berlin")),
            "datetime",
            "\"2024-07-01T12:00:00+02:00\"",
            OffsetDateTime.parse("2024-07-01T12:00:00+02:00")),
        arguments(
            OffsetDateTime.parse("1900-01-01T00:00:00+00:19:32"),
            "datetime",
            "\"1899-12-31T23:40:28+00:00\"",
            OffsetDateTime.parse("1899-12-31T23:40:28Z")),
        arguments(
            LocalDateTime.of(2024, 1, 2, 3, 4),
            "datetime",
            "\"2024-01-02T03:04:00\"",
            LocalDateTime.of(2024, 1, 2, 3, 4)),
        arguments(LocalDate.of(2024, 2, 29), "date", "\"2024-02-29\"", LocalDate.of(2024, 2, 29)),
        arguments(LocalDate.of(1, 1, 1), "date", "\"0001-01-01\"", LocalDate.of(1, 1, 1)),
        arguments(LocalTime.of(3, 4), "time", "\"03:04:00\"", LocalTime.of(3, 4)),
        arguments(
            LocalTime.of(3, 4, 5, 6000),
            "time",
            "\"03:04:05.000006\"",
            LocalTime.of(3, 4, 5, 6000)),
        arguments(
            OffsetTime.parse("03:04:05+05:30"),
            "time",
            "\"03:04:05+05:30\"",
            OffsetTime.parse("03:04:05+05:30")),
        arguments(new BigDecimal("1.50"), "decimal", "\"1.50\"", new BigDecimal("1.50")),
        arguments(new BigDecimal("-1E+3"), "decimal", "\"-1E+3\"", new BigDecimal("-1E+3")),
        arguments(UUID_1, "uuid", "{\"hex\": \"6ba7b8109dad11d180b400c04fd430c8\"}", UUID_1),
        arguments(utf8("\u00e9\0"), "bytes", "\"\\u00e9\\u0000\"", utf8("\u00e9\0")),
        arguments(new byte[0], "bytes", "\"\"", new byte[0]),
        arguments(
            new byte[] {(byte) 0xff, 0, 1}, "base64", "\"/wAB\"", new byte[] {(byte) 0xff, 0, 1}));
  }

  @ParameterizedTest
  @MethodSource("marked")
  void typedValueIsMarkedAsKombuMarksIt(Object value, String type, String json, Object readBack) {
    String marked = "{\"__type__\": \"%s\", \"__value__\": %s}".formatted(type, json);

    assertThat(json(value)).isEqualTo(marked);
    assertThat(json(List.of(Map.of("k", value)))).isEqualTo("[{\"k\": " + marked + "}]");
    assertThat(read(marked)).isEqualTo(readBack);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          datetime | "2024-01-02T03:04:05Z"      | 2024-01-02T03:04:05Z
          datetime | "2024-01-02T03:04:05+0530"  | 2024-01-02T03:04:05+05:30
          datetime | "2024-01-02 03:04"          | 2024-01-02T03:04
          datetime | "2024-01-02T03:04:05.5"     | 2024-01-02T03:04:05.500
          uuid     | "6ba7b810-9dad-11d1-80b4-00c04fd430c8" | 6ba7b810-9dad-11d1-80b4-00c04fd430c8
          uuid     | {"hex": "6BA7B810-9dad-11d1-80b4-00c04fd430c8", "version": 1} | 6ba7b810-9dad-11d1-80b4-00c04fd430c8
          decimal  | "0E-10"                     | 0E-10
          decimal  | "NaN"                       | NaN
          decimal  | "-sNaN123"                  | NaN
          decimal  | "-Infinity"                 | -Infinity
          """)
  void otherFormsThatPeersMayWriteAreRead(String type, String value, String expected) {
    Object read = read("{\"__value__\": %s, \"__type__\": \"%s\"}".formatted(value, type));

    assertThat(read).isNotInstanceOfAny(Map.class, String.class).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"__type__\": \"unheard of\", \"__value__\": 1}",
        "{\"__type__\": \"datetime\", \"__value__\": 1}",
        "{\"__type__\": \"datetime\", \"__value__\": null}",
        "{\"__type__\": 5, \"__value__\": 1}",
        "{\"__type__\": null, \"__value__\": \"x\"}",
        "{\"__type__\": \"date\", \"__value__\": \"2024-01-01\", \"more\": 1}",
        "{\"__type__\": \"date\"}",
        "{\"__type__\": \"date\", \"value\": \"2024-01-01\"}"
      })
  void objectThatIsNotMarkedWithAKnownTypeStaysAMap(String json) {
    assertThat(read(json)).isInstanceOf(Map.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          datetime | "yesterday"
          datetime | "2024-02-30T00:00:00"
          date     | "2024-01-02T00:00:00+00:00"
          time     | "25:00"
          decimal  | "1,5"
          decimal  | ""
          uuid     | {"hex": "12"}
          uuid     | {"hex": "6ba7b8109dad11d180b400c04fd430c8ff"}
          uuid     | {"int": 5}
          uuid     | "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
          base64   | "*"
          """)
  void markedValueThatCannotBeReadIsMalformed(String type, String value) {
    assertThatThrownBy(
            () -> read("{\"__type__\": \"%s\", \"__value__\": %s}".formatted(type, value)))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageStartingWith("a marked " + type + " holds ");
  }

  private static Stream<Object> timesPythonDoesNotKnow() {
    return Stream.of(
        Instant.MAX,
        Instant.MIN,
        OffsetDateTime.MAX,
        LocalDateTime.of(10_000, 1, 1, 0, 0),
        LocalDateTime.of(0, 12, 31, 0, 0),
        LocalDate.of(-1, 1, 1),
        LocalDate.MAX);
  }

  @ParameterizedTest
  @MethodSource("timesPythonDoesNotKnow")
  void timeOutsideOfPythonsYearsIsRefused(Object time) {
    assertThatThrownBy(() -> json(List.of(time))).isInstanceOf(EncodingException.class);
  }

  @Test
  void recordsBeansAndTheLikeAreWrittenAsJacksonSeesThem() {
    assertThat(json(new Point(1, 2))).isEqualTo("{\"x\": 1, \"y\": 2.0}");
    assertThat(json(Optional.of(List.of(new Point(1, 1e16)))))
        .isEqualTo("[{\"x\": 1, \"y\": 1e+16}]");
    assertThat(json(Optional.empty())).isEqualTo("null");
    assertThat(json(CharBuffer.wrap("text"))).isEqualTo("\"text\"");
    assertThat(json('\u00e9')).isEqualTo("\"\\u00e9\"");
    assertThat(json(1.5f)).isEqualTo("1.5");
    assertThat(json(new AtomicInteger(3))).isEqualTo("3");
  }

  @Test
  void recordWithTypedPartsIsReadBackAsItWas() {
    Order order =
        new Order(
            UUID_1,
            Instant.parse("2024-01-02T03:04:05.678901Z"),
            new BigDecimal("1.50"),
            Optional.of("n"));

    assertThat(Values.convert(read(json(order)), Order.class)).isEqualTo(order);
  }

  @Test
  void iterableThatIsNoCollectionIsWrittenAsJacksonSeesIt() {
    JsonMapper mapper = JsonMapper.shared();

    assertThat(json(Path.of("a", "b"))).contains("a/b");
    assertThat(json(mapper.readTree("{\"a\": [1, null, {}]}"))).isEqualTo("{\"a\": [1, null, {}]}");
    assertThat(json((Iterable<Integer>) () -> List.of(1, 2).iterator())).isEqualTo("[1, 2]");
  }

  static final class Chain {
    public Chain getNext() {
      return new Chain();
    }
  }

  @Test
  void beanThatNeverEndsIsRefusedAndNeverOverflowsTheStack() {
    assertThatThrownBy(() -> json(new Chain()))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("Chain cannot be written as JSON");
  }

  @Test
  void valueThatIsNoDataIsRefusedWithItsClass() {
    assertThatThrownBy(() -> json(Map.of("k", new Object())))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("java.lang.Object");
    assertThatThrownBy(() -> json(List.of(InputStream.nullInputStream())))
        .isInstanceOf(EncodingException.class);
  }

  private static String json(Object value) {
    return text(PythonJson.encode(value));
  }

  private static Object read(String json) {
    return Values.read(utf8(json));
  }
}
