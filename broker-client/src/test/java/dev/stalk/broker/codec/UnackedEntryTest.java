package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.bytes;
import static dev.stalk.broker.codec.Fixtures.text;
import static dev.stalk.broker.codec.Fixtures.tree;
import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UnackedEntryTest {

  @ParameterizedTest
  @ValueSource(strings = {Fixtures.CELERY_52, Fixtures.CELERY_57})
  void entryOfKombuHoldsTheMessageAsPublished(String version) {
    UnackedEntry entry = UnackedEntry.parse(bytes(version + "held/unacked.json"));

    assertThat(text(entry.message())).isEqualTo(text(bytes(version + "held/published.json")));
    assertThat(entry.exchange()).isEmpty();
    assertThat(entry.routingKey()).isEqualTo("celery");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "celery",
        "",
        "a \"quoted\" queue",
        "],\"x\",[",
        "back\\slash\\",
        "{}",
        "d\u00e9j\u00e0 \u65e5\u672c \ud83d\ude00",
        "line\nbreak",
        "\u0006\u00163"
      })
  void entryOfAnyQueueIsReadBack(String queue) {
    byte[] message = utf8(" {\"a\" : [\"]\", \"\u00e9\", {}] , \"b\": \"\\\"}\"}\n");

    byte[] value = UnackedEntry.of(message, queue);

    UnackedEntry entry = UnackedEntry.parse(value);
    assertThat(text(entry.message())).isEqualTo(text(message).strip());
    assertThat(entry.exchange()).isEmpty();
    assertThat(entry.routingKey()).isEqualTo(queue);
    assertThat(tree(value).get(2).asString()).isEqualTo(queue);
    assertThat(text(value))
        .startsWith("[" + text(message))
        .endsWith(text(UnackedEntry.closing(queue)));
  }

  @Test
  void textIsQuotedInAscii() {
    assertThat(UnackedEntry.quoted("a\"\\\u00e9")).isEqualTo("\"a\\\"\\\\\\u00e9\"");
  }

  @Test
  void missingExchangeAndKeyAreTheEmptyOnes() {
    UnackedEntry entry = UnackedEntry.parse(utf8("\n[ {\"a\": 1} , null , null ]  "));

    assertThat(text(entry.message())).isEqualTo("{\"a\": 1}");
    assertThat(entry.exchange()).isEmpty();
    assertThat(entry.routingKey()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "null",
        "[]",
        "[{}]",
        "[{}, \"\"]",
        "[[], \"\", \"q\"]",
        "[\"text\", \"\", \"q\"]",
        "[{}, 1, \"q\"]",
        "[{}, \"\", {}]",
        "[{}, \"\", \"q\", 1]",
        "[{}, \"\", \"q\"",
        "[{}, \"\", \"q\"] x",
        "[{}, \"\", \"q\"][]",
        "[{\"a\": }, \"\", \"q\"]",
        "[{\"a\": [}, \"\", \"q\"]"
      })
  void anythingElseIsMalformed(String value) {
    assertThatThrownBy(() -> UnackedEntry.parse(utf8(value)))
        .isInstanceOf(MalformedMessageException.class)
        .hasMessageStartingWith("not an unacked entry");
  }

  @Test
  void textThatIsNotUtf8IsMalformed() {
    assertThatThrownBy(
            () -> UnackedEntry.parse("[{}, \"\", \"q\"]".getBytes(StandardCharsets.UTF_16LE)))
        .isInstanceOf(MalformedMessageException.class);
  }
}
