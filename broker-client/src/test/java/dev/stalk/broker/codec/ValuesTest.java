package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.type.TypeReference;

class ValuesTest {
  private static final OffsetDateTime AT = OffsetDateTime.parse("2024-01-02T03:04:05.678901+05:30");

  private enum Color {
    RED,
    GREEN
  }

  private record Item(String name, int count) {}

  private record Visit(
      OffsetDateTime at, BigDecimal price, List<Item> items, Optional<Color> color) {}

  /** A bean as older code has it. */
  static final class Person {
    private String name = "";

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }
  }

  @Test
  void documentIsReadAsPlainValues() {
    assertThat(read("{\"a\": [1, 2147483648, 9223372036854775808, 1.5, \"x\", true, null]}"))
        .isEqualTo(
            Map.of("a", Arrays.asList(1, 1L << 31, BigInteger.TWO.pow(63), 1.5, "x", true, null)));
    assertThat(read("[NaN, Infinity, -Infinity, 1e400, -0.0, -0, 1E5]"))
        .isEqualTo(
            List.of(
                Double.NaN,
                Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                Double.POSITIVE_INFINITY,
                -0.0,
                0,
                1e5));
    assertThat(read(" \n null\t")).isNull();
  }

  @Test
  void keysKeepTheirOrderAndTheLastOfEqualKeysWins() {
    assertThat(read("{\"b\": 1, \"a\": 2, \"b\": 3}"))
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsExactly(Map.entry("b", 3), Map.entry("a", 2));
  }

  @Test
  void loneSurrogatesAndAstralKeysAreRead() {
    assertThat(read("[\"\\ud800\", \"\\udc00x\", \"\\ud83d\\ude00\"]"))
        .isEqualTo(List.of("\ud800", "\udc00x", "\ud83d\ude00"));
    assertThat(read("{\"\\ud83d\\ude00\": 1, \"\ud83d\ude01\": 2}"))
        .isEqualTo(Map.of("\ud83d\ude00", 1, "\ud83d\ude01", 2));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "  ",
        "{",
        "[1,",
        "[1,]",
        "{\"a\"}",
        "{'a': 1}",
        "tru",
        "nul",
        "01",
        "1 2",
        "{} x",
        "[] []",
        "\"a\u0001\"",
        "\"open",
        "[1/*x*/]",
        "\ufeff[1]",
        "}",
        "{\"a\": 1]"
      })
  void whatIsNotExactlyOneDocumentIsMalformed(String json) {
    assertThatThrownBy(() -> read(json)).isInstanceOf(MalformedMessageException.class);
  }

  @Test
  void bytesThatAreNotUtf8AreMalformed() {
    for (byte[] json :
        List.of(
            new byte[] {'"', (byte) 0xff, '"'},
            new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'},
            "[1]".getBytes(StandardCharsets.UTF_16LE),
            "[1]".getBytes(StandardCharsets.UTF_16))) {
      assertThatThrownBy(() -> Values.read(json)).isInstanceOf(MalformedMessageException.class);
    }
  }

  @Test
  void depthIsCappedAndNeverOverflowsTheStack() {
    int most = ContentConfig.DEFAULT_MAX_DEPTH;

    assertThat(read("[".repeat(most) + "]".repeat(most))).isInstanceOf(List.class);
    for (String open : List.of("[", "{\"a\": ", "[{\"a\": [")) {
      assertThatThrownBy(() -> read(open.repeat(most + 1)))
          .isInstanceOf(MalformedMessageException.class);
      assertThatThrownBy(() -> read(open.repeat(1_000_000)))
          .isInstanceOf(MalformedMessageException.class);
    }
  }

  @Test
  void endlessNumberIsMalformed() {
    assertThat(read("1".repeat(4300))).isInstanceOf(BigInteger.class);
    assertThatThrownBy(() -> read("1".repeat(1_000_000)))
        .isInstanceOf(MalformedMessageException.class);
  }

  private static Stream<Arguments> fitting() {
    return Stream.of(
        arguments(5, int.class, 5),
        arguments(5, Integer.class, 5),
        arguments(5, long.class, 5L),
        arguments(5, Object.class, 5),
        arguments(5, double.class, 5.0),
        arguments(5, BigInteger.class, BigInteger.valueOf(5)),
        arguments(1.5, double.class, 1.5),
        arguments(1.5, Float.class, 1.5f),
        arguments(0.1, BigDecimal.class, new BigDecimal("0.1")),
        arguments(Double.NaN, Double.class, Double.NaN),
        arguments(1L << 40, long.class, 1L << 40),
        arguments(true, boolean.class, true),
        arguments("x", String.class, "x"),
        arguments("x", char.class, 'x'),
        arguments("GREEN", Color.class, Color.GREEN),
        arguments(null, Integer.class, null),
        arguments(null, Void.class, null),
        arguments(new BigDecimal("1.50"), BigDecimal.class, new BigDecimal("1.50")),
        arguments("1.50", BigDecimal.class, new BigDecimal("1.50")),
        arguments(new BigDecimal("1.50"), double.class, 1.5),
        arguments(AT, OffsetDateTime.class, AT),
        arguments(AT, Instant.class, AT.toInstant()),
        arguments(AT, ZonedDateTime.class, AT.toZonedDateTime()),
        arguments(
            "2024-01-02T03:04:05.678901Z",
            Instant.class,
            Instant.parse("2024-01-02T03:04:05.678901Z")),
        arguments(
            "2024-01-02T03:04:05", LocalDateTime.class, LocalDateTime.of(2024, 1, 2, 3, 4, 5)),
        arguments("2024-02-29T00:00:00", LocalDate.class, LocalDate.of(2024, 2, 29)),
        arguments(
            "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            UUID.class,
            UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
        arguments(utf8("b"), byte[].class, utf8("b")),
        arguments(List.of(1, 2), int[].class, new int[] {1, 2}),
        arguments(List.of("a"), String[].class, new String[] {"a"}),
        arguments(Map.of("name", "n", "count", 2, "unknown", 3), Item.class, new Item("n", 2)),
        arguments(
            List.of(Map.of("name", "n", "count", 2)),
            new TypeReference<List<Item>>() {}.getType(),
            List.of(new Item("n", 2))),
        arguments(
            Map.of("a", List.of(1)),
            new TypeReference<Map<String, List<Long>>>() {}.getType(),
            Map.of("a", List.of(1L))));
  }

  @ParameterizedTest
  @MethodSource("fitting")
  void valueIsConvertedToTheWantedType(Object value, Type type, Object expected) {
    assertThat(Values.convert(value, type)).isEqualTo(expected);
  }

  @Test
  void recordKeepsOffsetScaleAndNestedTypes() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("at", AT);
    value.put("price", new BigDecimal("1.50"));
    value.put("items", List.of(Map.of("name", "n", "count", 1)));
    value.put("color", null);

    assertThat(Values.convert(value, Visit.class))
        .isEqualTo(
            new Visit(AT, new BigDecimal("1.50"), List.of(new Item("n", 1)), Optional.empty()));
  }

  @Test
  void beanIsFilledByItsSetters() {
    assertThat(Values.convert(Map.of("name", "n"), Person.class))
        .isInstanceOfSatisfying(
            Person.class, person -> assertThat(person.getName()).isEqualTo("n"));
  }

  private static Stream<Arguments> misfits() {
    return Stream.of(
        arguments(null, int.class, "null does not fit int"),
        arguments(2.5, int.class, "a Double does not fit int"),
        arguments(2.5, Long.class, "a Double does not fit java.lang.Long"),
        arguments(Double.NaN, int.class, "a Double does not fit int"),
        arguments(Double.NaN, BigDecimal.class, "a Double does not fit java.math.BigDecimal"),
        arguments(5_000_000_000L, Integer.class, "a Long does not fit java.lang.Integer"),
        arguments(300, byte.class, "an Integer does not fit byte"),
        arguments(BigInteger.TWO.pow(64), long.class, "a BigInteger does not fit long"),
        arguments(new BigDecimal("1E+999999999"), BigInteger.class, "a BigDecimal does not fit"),
        arguments("x", int.class, "a string does not fit int"),
        arguments("BLUE", Color.class, "a string does not fit"),
        arguments("soon", Instant.class, "a string does not fit java.time.Instant"),
        arguments(true, int.class, "a Boolean does not fit int"),
        arguments(List.of(1), String.class, "an array does not fit java.lang.String"),
        arguments(Map.of("a", 1), List.class, "an object does not fit java.util.List"),
        arguments(List.of("a"), int[].class, "an array does not fit int[]"),
        arguments(Map.of("name", "n", "count", "many"), Item.class, "an object does not fit"),
        arguments(List.of(1.5), new TypeReference<List<Integer>>() {}.getType(), "an array does"));
  }

  @ParameterizedTest
  @MethodSource("misfits")
  void valueThatDoesNotFitIsRefusedSayingWhatWasFound(Object value, Type type, String complaint) {
    assertThatThrownBy(() -> Values.convert(value, type))
        .isExactlyInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(complaint);
  }

  private static Object read(String json) {
    return Values.read(utf8(json));
  }
}
