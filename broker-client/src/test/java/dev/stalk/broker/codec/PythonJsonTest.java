package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.lines;
import static dev.stalk.broker.codec.Fixtures.text;
import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The expected texts were written by Python's own {@code json.dumps}. */
class PythonJsonTest {

  @Test
  void doublesOfEveryMagnitudeAreWrittenAsPythonWritesThem() {
    assertThat(lines("python/floats.tsv").map(line -> line.split("\t")))
        .hasSize(5000)
        .allSatisfy(
            pair -> {
              double value = Double.longBitsToDouble(Long.parseUnsignedLong(pair[0], 16));
              assertThat(json(value)).isEqualTo(pair[1]);
            });
  }

  @Test
  void doublesOfEveryMagnitudeAreReadBackBitForBit() {
    lines("python/floats.tsv")
        .map(line -> line.split("\t"))
        .filter(pair -> !pair[1].equals("NaN")) // Python keeps the payload of a NaN to itself
        .forEach(
            pair ->
                assertThat(Double.doubleToRawLongBits((Double) Values.read(utf8(pair[1]))))
                    .as(pair[1])
                    .isEqualTo(Long.parseUnsignedLong(pair[0], 16)));
  }

  @Test
  void stringsAreEscapedAsPythonEscapesThemAndReadBackUnchanged() {
    lines("python/strings.tsv")
        .map(line -> line.split("\t"))
        .forEach(
            pair -> {
              String value = utf16(pair[0]);

              assertThat(json(value)).isEqualTo(pair[1]);
              assertThat(Values.read(utf8(pair[1]))).isEqualTo(value);
            });
  }

  private static String utf16(String hex) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < hex.length(); i += 4) {
      text.append((char) HexFormat.fromHexDigits(hex, i, i + 4));
    }
    return text.toString();
  }

  @Test
  void everyCharacterIsEscapedAsTheRuleOfPythonSays() {
    for (char c = 0; c < Character.MAX_VALUE; c++) {
      String expected =
          c >= ' ' && c <= '~' && c != '"' && c != '\\'
              ? String.valueOf(c)
              : switch (c) {
                case '"' -> "\\\"";
                case '\\' -> "\\\\";
                case '\n' -> "\\n";
                case '\r' -> "\\r";
                case '\t' -> "\\t";
                case '\b' -> "\\b";
                case '\f' -> "\\f";
                default -> "\\u%04x".formatted((int) c);
              };
      assertThat(json(String.valueOf(c))).isEqualTo('"' + expected + '"');
    }
  }

  @Test
  void nestedDocumentsAreReadAndWrittenBackByteForByte() {
    lines("python/documents.jsonl")
        .forEach(document -> assertThat(json(Values.read(utf8(document)))).isEqualTo(document));
  }

  @Test
  void collectionsArraysAndKeysTakePythonsForm() {
    Map<Object, Object> map = new LinkedHashMap<>();
    map.put(1, new int[] {1, 2});
    map.put(null, new Object[] {"a", null});
    map.put(1e16, new double[0]);
    map.put(true, List.of(Map.of()));
    map.put(Thread.State.NEW, (short) 3);

    assertThat(json(map))
        .isEqualTo(
            "{\"1\": [1, 2], \"null\": [\"a\", null], \"1e+16\": [], \"true\": [{}], \"NEW\": 3}");
  }

  @Test
  void integersOfAnySizeKeepTheirDigits() {
    assertThat(json(BigInteger.TEN.pow(100).add(BigInteger.ONE)))
        .isEqualTo("1" + "0".repeat(99) + "1");
    assertThat(json(Long.MIN_VALUE)).isEqualTo("-9223372036854775808");
  }

  @Test
  void aWholeNumberOfMoreDigitsThanPythonReadsIsRefused() {
    BigInteger most = BigInteger.TEN.pow(4300).subtract(BigInteger.ONE);

    assertThat(json(most)).isEqualTo("9".repeat(4300));
    assertThat(json(most.negate())).isEqualTo("-" + "9".repeat(4300));
    for (BigInteger more :
        List.of(most.add(BigInteger.ONE), most.add(BigInteger.ONE).negate(), most.pow(3))) {
      assertThatThrownBy(() -> json(List.of(more)))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("more than 4300 digits")
          .hasMessageContaining("send it as text");
    }
  }

  @Test
  void keysOfTheSameTextDoNotHideAMapThatLooksMarked() {
    Map<Object, Object> twice = new LinkedHashMap<>();
    twice.put("__type__", "x");
    twice.put(java.nio.CharBuffer.wrap("__type__"), "y");
    twice.put("__value__", 1);

    assertThatThrownBy(() -> json(twice))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("__type__");
  }

  @Test
  void mapThatLooksLikeAMarkedTypeIsRefused() {
    assertThatThrownBy(() -> json(Map.of("a", List.of(Map.of("__type__", "x", "__value__", 1)))))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("__type__");

    assertThat(json(Map.of("__type__", "x"))).isEqualTo("{\"__type__\": \"x\"}");
    assertThat(json(new TreeMap<>(Map.of("__type__", 1, "__value__", 2, "more", 3))))
        .isEqualTo("{\"__type__\": 1, \"__value__\": 2, \"more\": 3}");
  }

  @Test
  void sortedMapWithTwoKeysThatAreNoTextIsNoMarkedType() {
    assertThat(json(new TreeMap<>(Map.of(1, "a", 2, "b"))))
        .isEqualTo("{\"1\": \"a\", \"2\": \"b\"}");
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 501, 100_000})
  void nestingBeyondTheLimitIsRefusedAndNeverOverflowsTheStack(int depth) {
    List<Object> nested = new ArrayList<>();
    Map<String, Object> objects = new LinkedHashMap<>();
    for (int i = 1; i < depth; i++) {
      nested = new ArrayList<>(Arrays.asList(nested));
      objects = new LinkedHashMap<>(Map.of("k", objects));
    }

    if (depth <= ContentConfig.DEFAULT_MAX_DEPTH) {
      assertThat(json(nested)).isEqualTo("[".repeat(depth) + "]".repeat(depth));
      assertThat(json(objects)).endsWith("}".repeat(depth));
    } else {
      List<Object> tooDeep = nested;
      Map<String, Object> tooDeepObjects = objects;
      assertThatThrownBy(() -> json(tooDeep)).isInstanceOf(EncodingException.class);
      assertThatThrownBy(() -> json(tooDeepObjects)).isInstanceOf(EncodingException.class);
    }
  }

  @Test
  void valueThatContainsItselfIsRefused() {
    List<Object> list = new ArrayList<>();
    list.add(Map.of("again", list));

    assertThatThrownBy(() -> json(list))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("contains itself");
  }

  private static String json(Object value) {
    return text(PythonJson.encode(value));
  }
}
