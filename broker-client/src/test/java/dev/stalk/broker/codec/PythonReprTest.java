package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The expected texts were written by Celery's own {@code saferepr}. */
class PythonReprTest {
  private record Sample(String kind, Object value, String shown) {}

  private static Stream<Sample> samples() {
    return Fixtures.lines("python/saferepr.jsonl")
        .map(line -> (List<?>) Values.read(utf8(line)))
        .map(sample -> new Sample((String) sample.get(0), sample.get(1), (String) sample.get(3)));
  }

  @Test
  void valuesAreShownAsCeleryShowsThem() {
    assertThat(samples())
        .hasSizeGreaterThan(200)
        .allSatisfy(sample -> assertThat(shown(sample)).isEqualTo(sample.shown()));
  }

  private static String shown(Sample sample) {
    return switch (sample.kind()) {
      case "args" -> MessageCodec.argsRepr((List<?>) sample.value());
      case "kwargs" -> MessageCodec.kwargsRepr(kwargs(sample.value()));
      default -> MessageCodec.repr(sample.value());
    };
  }

  private static Map<String, Object> kwargs(Object value) {
    Map<String, Object> kwargs = new LinkedHashMap<>();
    ((Map<?, ?>) value).forEach((name, argument) -> kwargs.put((String) name, argument));
    return kwargs;
  }

  private static Stream<Object> hugeValues() {
    Random random = new Random(57);
    Stream<Object> written =
        Stream.of(
            "'".repeat(2000),
            "it's ".repeat(1000),
            "x".repeat(1000) + "'".repeat(1000),
            List.of("a".repeat(1019), "'".repeat(500)),
            List.of(List.of(List.of("a".repeat(1015) + "'".repeat(20)))),
            Map.of("'".repeat(3000), List.of(List.of(1))),
            Map.of("k", Map.of("'".repeat(1022), Map.of("'", "'"))),
            filled(5000),
            "\ud83d\ude00".repeat(3000),
            new double[5000]);
    return Stream.concat(
        written, Stream.generate(() -> value(random, 6)).limit(500).map(v -> List.of(v, v, v)));
  }

  private static byte[] filled(int size) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) 0xff);
    return bytes;
  }

  private static Object value(Random random, int depth) {
    return switch (random.nextInt(depth > 0 ? 5 : 3)) {
      case 0 -> random.nextInt();
      case 1 -> "'a".repeat(random.nextInt(300));
      case 2 -> "some ' words ".repeat(random.nextInt(90));
      case 3 -> Stream.generate(() -> value(random, depth - 1)).limit(random.nextInt(5)).toList();
      default -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          map.put("k'".repeat(random.nextInt(50)), value(random, depth - 1));
        }
        yield map;
      }
    };
  }

  @Test
  void noTextIsLongerThanTheLimitAndEveryBracketIsClosed() {
    Stream<String> texts =
        hugeValues()
            .flatMap(
                value ->
                    Stream.of(
                        MessageCodec.repr(value),
                        MessageCodec.argsRepr(List.of(value)),
                        MessageCodec.argsRepr(List.of("a", value, List.of(value), value)),
                        MessageCodec.kwargsRepr(Map.of("it's", value))));

    assertThat(texts)
        .allSatisfy(
            text -> {
              assertThat(text.codePointCount(0, text.length())).isLessThanOrEqualTo(1040);
              assertThat(openBrackets(text)).isEmpty();
            });
  }

  /** The brackets outside of strings that are still open at the end, or were closed wrongly. */
  private static String openBrackets(String text) {
    StringBuilder open = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && quoted && i + 1 < text.length() && text.charAt(i + 1) == '\'') {
        i++;
      } else if (c == '\'') {
        quoted = !quoted;
      } else if (!quoted && "([{".indexOf(c) >= 0) {
        open.append(c);
      } else if (!quoted && ")]}".indexOf(c) >= 0) {
        int last = open.length() - 1;
        if (last < 0 || "([{".indexOf(open.charAt(last)) != ")]}".indexOf(c)) {
          return "closed by " + c + " at " + i;
        }
        open.setLength(last);
      }
    }
    return open.toString();
  }

  @Test
  void javaValuesAreShownAsWhatTheyAreOnTheWire() {
    List<Object> args =
        Arrays.asList(
            new BigDecimal("1.50"),
            UUID.fromString("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
            utf8("it"),
            new byte[] {(byte) 0xff, 0},
            new int[] {1, 2},
            new Object[] {"a", null},
            Thread.State.NEW,
            'c',
            1.5f,
            (short) 3);

    assertThat(MessageCodec.argsRepr(args))
        .isEqualTo(
            "(Decimal('1.50'), UUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8'), b'it', b'ff00',"
                + " [1, 2], ['a', None], 'NEW', 'c', 1.5, 3)");
  }

  @Test
  void valueThatCannotSayWhatItIsDoesNotStopTheTask() {
    Object mute =
        new Object() {
          @Override
          public String toString() {
            throw new IllegalStateException("closed");
          }
        };

    assertThat(MessageCodec.argsRepr(List.of(1, mute)))
        .startsWith("(1, <unrepresentable dev.stalk");
  }

  @Test
  void listThatContainsItselfIsShownThreeLevelsDeep() {
    List<Object> list = new ArrayList<>();
    list.add(list);

    assertThat(MessageCodec.repr(list)).isEqualTo("[[[[...]]]]");
  }
}
