package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuggestionsTest {
  private static final List<String> KNOWN =
      List.of("url", "visibility-timeout", "lease", "connect-timeout", "socket-timeout");

  @ParameterizedTest
  @CsvSource({
    "ulr, url",
    "uri, url",
    "URL, url",
    "urls, url",
    "visibilty-timeout, visibility-timeout",
    "visibility_timeout, visibility-timeout",
    "visibilityTimeout, visibility-timeout",
    "sokcet-timeout, socket-timeout",
    "conect-timout, connect-timeout",
    "laese, lease"
  })
  void theClosestKeyIsSuggested(String key, String suggested) {
    assertThat(Suggestions.forUnknownKey(key, KNOWN))
        .isEqualTo("unknown key; did you mean " + suggested + "?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"colour", "u", "timeout", "x"})
  void whereNothingIsCloseTheKnownKeysAreListed(String key) {
    assertThat(Suggestions.forUnknownKey(key, KNOWN))
        .isEqualTo(
            "unknown key; known keys: url, visibility-timeout, lease, connect-timeout, socket-timeout");
  }

  @Test
  void aVeryLongKeyIsNoTrouble() {
    assertThat(Suggestions.forUnknownKey("a".repeat(100_000), KNOWN)).startsWith("unknown key");
  }
}
