package dev.stalk.broker.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.TaskMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The quick way of reading reads the same as the thorough one, or nothing. */
class UsualEnvelopeTest {
  private static final ContentConfig CONTENT = ContentConfig.DEFAULT;

  private static final String PLAIN = Fixtures.CELERY_57 + "messages/plain.json";

  /** What it leaves to the other: compressed, of another protocol, marked types, stamps. */
  private static final Set<String> UNUSUAL = Set.of("compressed", "protocol-1");

  private static Stream<String> messages() {
    return Stream.of(Fixtures.CELERY_57, Fixtures.CELERY_52)
        .flatMap(
            version ->
                Fixtures.names(version + "messages")
                    .map(name -> version + "messages/" + name + ".json"));
  }

  private static TaskMessage asTree(byte[] raw) {
    try {
      return MessageCodec.decodeAsTree(raw, CONTENT);
    } catch (MalformedMessageException e) {
      return null;
    }
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aMessageOfCeleryIsReadTheSameEitherWay(String name) {
    byte[] raw = Fixtures.bytes(name);

    TaskMessage quick = UsualEnvelope.read(raw, CONTENT);

    if (quick != null) {
      assertThat(quick).isEqualTo(asTree(raw));
    }
  }

  @Test
  void plainCallsOfBothCeleriesAreReadTheQuickWay() {
    List<String> quick =
        messages()
            .filter(name -> UNUSUAL.stream().noneMatch(name::contains))
            .filter(name -> UsualEnvelope.read(Fixtures.bytes(name), CONTENT) != null)
            .toList();

    assertThat(quick).anyMatch(name -> name.contains("5.2.7"));
    assertThat(quick).anyMatch(name -> name.contains("5.7.0"));
    assertThat(quick.size()).isGreaterThan((int) messages().count() / 2);
  }

  @Test
  void whateverIsChangedInAMessageTheQuickWayReadsTheSameOrNothing() {
    Random random = new Random(20261122);
    List<byte[]> seeds = new ArrayList<>(messages().map(Fixtures::bytes).toList());
    int read = 0;
    for (int i = 0; i < 60_000; i++) {
      byte[] changed = Mutation.of(seeds.get(random.nextInt(seeds.size())), random);
      TaskMessage quick = UsualEnvelope.read(changed, CONTENT);
      if (quick != null) {
        read++;
        assertThat(quick)
            .as(() -> new String(changed, StandardCharsets.UTF_8))
            .isEqualTo(asTree(changed));
      }
    }
    assertThat(read).isGreaterThan(1_000);
  }

  /** What equals the id is not made anew, so it is looked at in a way of its own. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '|',
      value = {
        "a, a",
        "a, b",
        "a, ab",
        "ab, a",
        "a\\nb, |a\nb|",
        "a\\nb, a\\nb",
        "a\\\"b, a\\\"b",
        "a\\\"b, a\"b",
        "a\\\\b, a\\b",
        "a\\\\b, a\\\\b",
        "ö, ö",
        "\\u00f6, ö",
        "\\u00f6, \\u00f6"
      })
  void anIdThatComesAgainIsReadTheSameEitherWay(String id, String again) {
    String plain = new String(Fixtures.bytes(PLAIN), StandardCharsets.UTF_8);
    String changed =
        plain
            .replace("\"id\": \"" + Envelope.ID, "\"id\": \"" + id)
            .replace("\"root_id\": \"" + Envelope.ID, "\"root_id\": \"" + again)
            .replace("\"correlation_id\": \"" + Envelope.ID, "\"correlation_id\": \"" + again);
    assertThat(changed).isNotEqualTo(plain);
    byte[] raw = changed.getBytes(StandardCharsets.UTF_8);

    TaskMessage quick = UsualEnvelope.read(raw, CONTENT);

    assertThat(quick).isIn(null, asTree(raw));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "-1",
        "2147483647",
        "2147483648",
        "-2147483649",
        "999999999999999999",
        "1e5",
        "1E+5",
        "-0.0",
        "0.1",
        "1e999",
        "5e-324",
        "\"\"",
        "\"\\u0000\\ud800 \\ud83d\\ude00 \\/ \\n\\\"\\\\\"",
        "[]",
        "{}",
        "[[[1]]]",
        "{\"a\": {\"b\": [null, true, false]}}",
        "{\"a\": 1, \"a\": 2}"
      })
  void aValueIsReadAsTheOtherWayReadsIt(String value) {
    byte[] raw = withArguments("[" + value + "]");

    assertThat(UsualEnvelope.read(raw, CONTENT)).isNotNull().isEqualTo(asTree(raw));
  }

  @Test
  void decimalFractionsOfAnyLengthAreReadToTheLastBit() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      String whole = Long.toString(random.nextLong() >>> (1 + random.nextInt(63)));
      String places = Long.toString(random.nextLong() >>> (1 + random.nextInt(63)));
      String value = "-".repeat(i % 2) + whole + "." + "0".repeat(random.nextInt(4)) + places;
      byte[] raw = withArguments("[" + value + "]");

      TaskMessage read = UsualEnvelope.read(raw, CONTENT);

      if (whole.length() > 18) { // left to the other way, as whole numbers of that length are
        assertThat(read).isNull();
      } else {
        assertThat(read).isNotNull();
        assertThat(read.body().args()).containsExactly(Double.parseDouble(value));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "-0",
        "1234567890123456789",
        "NaN",
        "Infinity",
        "nul",
        "'a'",
        "\"\u00e9\"",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"",
        "[1,2]",
        "[1, ]",
        "{\"a\":1}",
        "{\"__type__\": \"uuid\", \"__value__\": \"12345678123456781234567812345678\"}",
        "{\"\\u0061\": 1}"
      })
  void aValueThatIsUnusualOrWrongIsLeftToTheOtherWay(String value) {
    assertThat(UsualEnvelope.read(withArguments("[" + value + "]"), CONTENT)).isNull();
  }

  @Test
  void whatIsTooDeepOrTooLargeIsLeftToTheOtherWay() {
    ContentConfig shallow = CONTENT.toBuilder().maxDepth(3).build();
    ContentConfig small = CONTENT.toBuilder().maxBodySize(1024).build();

    assertThat(UsualEnvelope.read(withArguments("[[]]"), shallow)).isNotNull();
    assertThat(UsualEnvelope.read(withArguments("[[[]]]"), shallow)).isNull();
    assertThat(UsualEnvelope.read(withArguments("[\"" + "x".repeat(2_000) + "\"]"), small))
        .isNull();
  }

  private static byte[] withArguments(String args) {
    String raw = Fixtures.text(Fixtures.bytes(Fixtures.CELERY_57 + "messages/plain.json"));
    String body =
        "["
            + args
            + ", {}, "
            + "{\"callbacks\": null, \"errbacks\": null, \"chain\": null, \"chord\": null}]";
    String encoded = Base64.getEncoder().encodeToString(body.getBytes(StandardCharsets.UTF_8));
    return raw.replaceFirst("\"body\": \"[^\"]*\"", "\"body\": \"" + encoded + "\"")
        .getBytes(StandardCharsets.UTF_8);
  }
}
