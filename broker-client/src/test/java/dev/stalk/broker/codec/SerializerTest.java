package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SerializerTest {
  private static final ContentConfig CONTENT = SignedBodyTest.signing().build();

  private static Object throughYaml(String yaml) {
    return Serializer.YAML.decode(yaml.getBytes(StandardCharsets.UTF_8), CONTENT);
  }

  private static Object msgpack(String hex) {
    return Serializer.MSGPACK.decode(HexFormat.of().parseHex(hex), CONTENT);
  }

  private static String hex(Object value) {
    return HexFormat.of().formatHex(Serializer.MSGPACK.encode(value, CONTENT));
  }

  private static String yaml(Object value) {
    return new String(Serializer.YAML.encode(value, CONTENT), StandardCharsets.US_ASCII);
  }

  // ---- every serializer

  @ParameterizedTest
  @EnumSource(Serializer.class)
  void whateverIsWrittenIsReadBackTheSame(Serializer serializer) {
    for (int seed = 0; seed < 500; seed++) {
      Object value = new Values(seed, serializer).next(4);

      Object back = serializer.decode(serializer.encode(value, CONTENT), CONTENT);

      assertThat(comparable(back)).as("seed %d", seed).isEqualTo(comparable(value));
    }
  }

  /** Values of all kinds a content type has a form for, the same ones for the same seed. */
  private static final class Values {
    private final Random random;
    private final Serializer serializer;

    Values(long seed, Serializer serializer) {
      this.random = new Random(seed);
      this.serializer = serializer;
    }

    Object next(int depth) {
      return switch (random.nextInt(depth > 0 ? 11 : 9)) {
        case 0 -> null;
        case 1 -> random.nextBoolean();
        case 2 -> random.nextInt() >> random.nextInt(32);
        case 3 -> (1L << 31) + (random.nextLong() >>> (2 + random.nextInt(30)));
        case 4 -> aDouble();
        case 5, 6 -> text();
        case 7 -> large();
        case 8 -> typed();
        case 9 -> list(depth - 1);
        default -> map(depth - 1);
      };
    }

    private Object aDouble() {
      double[] odd = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, 1e16};
      int index = random.nextInt(odd.length * 2);
      return index < odd.length ? odd[index] : Double.longBitsToDouble(random.nextLong());
    }

    private Object large() {
      BigInteger unsigned = BigInteger.ONE.shiftLeft(63).add(BigInteger.valueOf(random.nextInt(9)));
      return serializer == Serializer.MSGPACK
          ? unsigned
          : unsigned.pow(1 + random.nextInt(4)).multiply(BigInteger.valueOf(-3));
    }

    private Object typed() {
      byte[] bytes = new byte[random.nextInt(300)];
      random.nextBytes(bytes);
      if (random.nextBoolean()) {
        return bytes;
      }
      LocalDateTime time =
          LocalDateTime.of(
              1 + random.nextInt(9999), 2, 3, 4, 5, 6, random.nextInt(1_000_000) * 1000);
      return switch (serializer) {
        case MSGPACK ->
            Instant.ofEpochSecond(random.nextLong() >> 30, random.nextInt(1_000_000_000));
        case YAML -> random.nextBoolean() ? time : time.toLocalDate();
        case JSON, AUTH ->
            random.nextBoolean() ? new BigDecimal("1.50") : new UUID(random.nextLong(), 7);
      };
    }

    private String text() {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.appendCodePoint(
            switch (random.nextInt(5)) {
              case 0 -> random.nextInt(0x80);
              case 1 -> 0x10000 + random.nextInt(0x100000);
              case 2 -> serializer == Serializer.MSGPACK ? 'x' : 0xd800 + random.nextInt(0x800);
              case 3 -> 0x80 + random.nextInt(0xd000);
              default -> "0123456789.:-+_eE~<=yYnN#&*!|>'\"%@`,[]{}? \t".charAt(random.nextInt(43));
            });
      }
      return text.toString();
    }

    private Object list(int depth) {
      List<Object> list = new ArrayList<>();
      for (int i = random.nextInt(20); i > 0; i--) {
        list.add(next(depth));
      }
      return list;
    }

    private Object map(int depth) {
      Map<String, Object> map = new LinkedHashMap<>();
      for (int i = random.nextInt(20); i > 0; i--) {
        map.put(random.nextInt(9) == 0 ? text().repeat(40) : text(), next(depth));
      }
      return map;
    }
  }

  private static Object comparable(Object value) {
    if (value instanceof byte[] bytes) {
      return ByteBuffer.wrap(bytes);
    }
    if (value instanceof List<?> list) {
      return list.stream().map(SerializerTest::comparable).toList().toString();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> copy = new LinkedHashMap<>();
      map.forEach((key, each) -> copy.put(key, comparable(each)));
      return copy;
    }
    return value;
  }

  @ParameterizedTest
  @EnumSource(Serializer.class)
  void depthIsBoundedBothWays(Serializer serializer) {
    ContentConfig shallow = CONTENT.toBuilder().maxDepth(10).build();
    Object fine = nested(10);
    Object deep = nested(11);

    assertThat(serializer.decode(serializer.encode(fine, shallow), shallow)).isEqualTo(fine);
    assertThatThrownBy(() -> serializer.encode(deep, shallow))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("nested deeper than 10");
    assertThatThrownBy(() -> serializer.decode(serializer.encode(deep, CONTENT), shallow))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("nested");
  }

  private static Object nested(int levels) {
    Object value = List.of();
    for (int i = 1; i < levels; i++) {
      value = i % 2 == 0 ? List.of(value) : Map.of("k", value);
    }
    return value;
  }

  @ParameterizedTest
  @EnumSource(Serializer.class)
  void theDeepestSettingFitsTheStack(Serializer serializer) {
    ContentConfig deepest = CONTENT.toBuilder().maxDepth(500).build();

    assertThat(serializer.decode(serializer.encode(nested(500), deepest), deepest))
        .isEqualTo(nested(500));
  }

  @ParameterizedTest
  @EnumSource(Serializer.class)
  void whateverBytesAreReadNothingElseIsThrown(Serializer serializer) {
    Random random = new Random(7);
    byte[] seed = serializer.encode(new Values(5, serializer).next(3), CONTENT);
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = i % 2 == 0 ? new byte[random.nextInt(60)] : seed.clone();
      if (i % 2 == 0) {
        random.nextBytes(bytes);
      } else if (bytes.length > 0) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try {
        serializer.decode(bytes, CONTENT);
      } catch (MalformedMessageException expected) {
        assertThat(expected).hasMessageContaining("not ");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pickle", "application/x-python-serialize"})
  void pickleIsRefusedWithItsReason(String name) {
    assertThatThrownBy(() -> Serializer.named(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("run the code of whoever sent it");
    assertThatThrownBy(() -> ContentConfig.builder().acceptContent("json", name).build())
        .hasMessageContaining("run the code of whoever sent it");
  }

  // ---- msgpack, by the bytes of Python's packb(value, use_bin_type=True)

  @ParameterizedTest
  @CsvSource({
    "0, 00",
    "127, 7f",
    "128, cc80",
    "255, ccff",
    "256, cd0100",
    "65535, cdffff",
    "65536, ce00010000",
    "4294967295, ceffffffff",
    "4294967296, cf0000000100000000",
    "-1, ff",
    "-32, e0",
    "-33, d0df",
    "-128, d080",
    "-129, d1ff7f",
    "-32769, d2ffff7fff",
    "-2147483649, d3ffffffff7fffffff",
    "9223372036854775807, cf7fffffffffffffff"
  })
  void aWholeNumberTakesTheFewestBytes(long value, String bytes) {
    assertThat(hex(value)).isEqualTo(bytes);
    assertThat(((Number) msgpack(bytes)).longValue()).isEqualTo(value);
  }

  @Test
  void textIsTextAndBytesAreBytes() {
    assertThat(hex("a")).isEqualTo("a161");
    assertThat(hex("x".repeat(32))).startsWith("d92078");
    assertThat(hex("x".repeat(256))).startsWith("da010078");
    assertThat(hex("x".repeat(65536))).startsWith("db0001000078");
    assertThat(hex(new byte[] {1})).isEqualTo("c40101");
    assertThat(hex(List.of(1.5, true))).isEqualTo("92cb3ff8000000000000c3");
    assertThat(hex(Map.of(7, "a"))).isEqualTo("81a137a161");
    assertThat(msgpack("8107a161")).isEqualTo(Map.of("7", "a"));
    assertThat(msgpack("ca3fc00000")).isEqualTo(1.5);
  }

  @Test
  void anInstantIsATimestamp() {
    assertThat(hex(Instant.ofEpochSecond(1))).isEqualTo("d6ff00000001");
    assertThat(hex(Instant.ofEpochSecond(1, 1))).isEqualTo("d7ff0000000400000001");
    assertThat(hex(Instant.ofEpochSecond(-1))).isEqualTo("c70cff00000000ffffffffffffffff");
    assertThat(msgpack("d7ff0000000400000001")).isEqualTo(Instant.ofEpochSecond(1, 1));
  }

  @Test
  void whatMsgpackHasNoFormForIsRefused() {
    for (Object value :
        List.of(
            BigInteger.ONE.shiftLeft(64),
            BigInteger.ONE.shiftLeft(63).negate().subtract(BigInteger.ONE),
            new BigDecimal("1"),
            LocalDate.EPOCH,
            LocalTime.NOON,
            OffsetDateTime.MIN,
            new UUID(1, 2),
            "\uD800")) {
      assertThatThrownBy(() -> Serializer.MSGPACK.encode(List.of(value), CONTENT))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("has no form in msgpack");
    }
  }

  /** A few bytes that claim to be gigabytes. */
  @ParameterizedTest
  @ValueSource(
      strings = {"c6ffffffff00", "dbffffffff00", "ddffffffff00", "dfffffffff00", "c9ffffffff05"})
  void aLengthIsNotBelieved(String bytes) {
    assertThatThrownBy(() -> msgpack(bytes))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("ends in the middle");
  }

  @ParameterizedTest
  @CsvSource({
    "c1, no value begins with the byte 0xc1",
    "0000, more bytes after the value",
    "a1ff, not UTF-8",
    "d40500, extension type 5",
    "d4ff00, a timestamp of 1 bytes",
    "819001, a key of a map is an array",
    "'', ends in the middle"
  })
  void brokenMsgpackSaysWhatIsWrong(String bytes, String complaint) {
    assertThatThrownBy(() -> msgpack(bytes))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining(complaint);
  }

  // ---- yaml

  @Test
  void yamlIsFlowStyleThatPyYamlReads() {
    assertThat(yaml(Arrays.asList(1, null, true, "a", 1e20, Double.NaN, "\uD83E\uDD6C")))
        .isEqualTo("[1, null, true, \"a\", 1.0e+20, .nan, \"\\U0001f96c\"]");
    assertThat(yaml(Map.of("k", new byte[] {1}))).isEqualTo("{\"k\": !!binary \"AQ==\"}");
    assertThat(yaml(LocalDate.of(2024, 1, 2))).isEqualTo("!!timestamp \"2024-01-02\"");
    assertThat(yaml(Map.of("k".repeat(2000), 1))).startsWith("{? \"kkk").endsWith("\" : 1}");
    assertThat(yaml(Map.of("__type__", 1, "__value__", 2))).contains("\"__type__\": 1");
  }

  /** The forms of PyYAML's resolver.py, not those of YAML 1.2. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1|Integer|1",
        "-1_000|Integer|-1000",
        "0b101|Integer|5",
        "017|Integer|15",
        "0x1F|Integer|31",
        "1:30|Integer|90",
        "0o14|String|0o14",
        "2147483648|Long|2147483648",
        "1.5|Double|1.5",
        "1.0e+3|Double|1000.0",
        "1e3|String|1e3",
        ".inf|Double|Infinity",
        "-.INF|Double|-Infinity",
        ".nan|Double|NaN",
        "1:30.5|Double|90.5",
        ".5|Double|0.5",
        "yes|Boolean|true",
        "Off|Boolean|false",
        "y|String|y",
        "TRUE|Boolean|true",
        "2024-01-02|LocalDate|2024-01-02",
        "2024-1-2|String|2024-1-2",
        "2024-01-02 03:04:05|LocalDateTime|2024-01-02T03:04:05",
        "2024-01-02T03:04:05.5Z|OffsetDateTime|2024-01-02T03:04:05.500Z",
        "2024-01-02 03:04:05.123456+02:00|OffsetDateTime|2024-01-02T03:04:05.123456+02:00",
        "2024-01-02 03:04:05 -5|OffsetDateTime|2024-01-02T03:04:05-05:00",
        "'1'|Integer|1",
        "!!str 1|String|1",
        "!!int '7'|Integer|7",
        "!!float 1|Double|1.0",
        "!!bool 'no'|Boolean|false",
        "! 1|String|1",
        "plain words|String|plain words",
        "=|String|="
      })
  void aScalarIsWhatPyYamlTakesItFor(String text, String type, String value) {
    Object read = throughYaml(text);

    assertThat(read.getClass().getSimpleName()).isEqualTo(type);
    assertThat(read).hasToString(value);
  }

  @Test
  void collectionsOfPyYamlAreRead() {
    assertThat(throughYaml("- &id001 [1]\n- *id001\n- !!set {a: null, 1: null}\n- {}\n"))
        .isEqualTo(List.of(List.of(1), List.of(1), Set.of("a", 1), Map.of()));
    assertThat(throughYaml("1: a\ntrue: b\n~: c\n1.5: d\n"))
        .isEqualTo(Map.of("1", "a", "true", "b", "null", "c", "1.5", "d"));
    assertThat((byte[]) throughYaml("!!binary |\n  AAEC\n  /w==\n")).containsExactly(0, 1, 2, -1);
    assertThat(throughYaml("")).isNull();
    assertThat(throughYaml("\uFEFFa: ż")).isEqualTo(Map.of("a", "ż"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "!!python/object/apply:os.system ['id']|tag tag:yaml.org,2002:python/object/apply:os.system",
        "!!java.lang.ProcessBuilder [x]|tag tag:yaml.org,2002:java.lang.ProcessBuilder",
        "!mine x|tag !mine",
        "!!omap [a: 1]|tag tag:yaml.org,2002:omap",
        "{<<: {a: 1}}|merge keys",
        "&a [*a]|stands for nothing",
        "[*b]|stands for nothing",
        "{[1]: 2}|a key of a map is an array",
        "!!int x|is no value of its type",
        "2024-13-01|is no value of its type",
        "[1|not yaml",
        "'--- 1\n--- 2'|more than one document"
      })
  void whatPlainYamlHasNotIsRefused(String text, String complaint) {
    assertThatThrownBy(() -> throughYaml(text))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void aBillionLaughsAreCountedNotWrittenOut() {
    StringBuilder laughs =
        new StringBuilder("- &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (int i = 1; i < 10; i++) {
      String alias = ("*a" + (i - 1) + ", ").repeat(9);
      laughs.append("- &a%d [%s]\n".formatted(i, alias.substring(0, alias.length() - 2)));
    }

    assertThatThrownBy(() -> throughYaml(laughs.toString()))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageContaining("content.max-decompressed-size");
  }

  @Test
  void whatYamlHasNoFormForIsRefused() {
    for (Object value : List.of(new BigDecimal("1"), LocalTime.NOON, new UUID(1, 2))) {
      assertThatThrownBy(() -> Serializer.YAML.encode(List.of(value), CONTENT))
          .isInstanceOf(EncodingException.class)
          .hasMessageContaining("has no form in yaml");
    }
  }

  // ---- JSON's types

  @Test
  void plainTypesAreThoseOfKombu52() {
    ContentConfig plain = ContentConfig.builder().jsonTypes(JsonTypes.PLAIN).build();
    List<Object> values =
        List.of(
            Instant.parse("2024-01-02T03:04:05.5Z"),
            OffsetDateTime.parse("2024-01-02T03:04:05+02:00"),
            LocalDate.of(2024, 1, 2),
            LocalTime.of(3, 4),
            new BigDecimal("1.50"),
            new UUID(1, 2));

    assertThat(new String(PythonJson.encode(values, plain), StandardCharsets.US_ASCII))
        .isEqualTo(
            "[\"2024-01-02T03:04:05.500000Z\", \"2024-01-02T03:04:05+02:00\","
                + " \"2024-01-02T00:00:00\", \"03:04:00\", \"1.50\","
                + " \"00000000-0000-0001-0000-000000000002\"]");
    assertThatThrownBy(() -> PythonJson.encode(new byte[1], plain))
        .isInstanceOf(EncodingException.class)
        .hasMessageContaining("bytes have no form");
  }
}
