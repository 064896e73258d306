package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExcerptTest {

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "threads, threads",
        "payments.eu, 'payments.eu'",
        "two words, 'two words'",
        "``, ''",
        "a:b/c@d, 'a:…'",
        "redis://:hush@localhost/0, 'redis:…'",
        "redis://localhost, 'redis:…'",
        "alice:hush@localhost, 'alice:…'"
      })
  void aKeyIsShownBareIfItIsANameAndNeverWithALogin(String key, String shown) {
    assertThat(Excerpt.ofKey(key)).isEqualTo(shown);
  }

  @Test
  void aValueStaysShortAndInOneLine() {
    assertThat(Excerpt.ofValue("a\nb\u0000c\u2028d\u0085e")).isEqualTo("'a?b?c?d?e'");
    assertThat(Excerpt.ofValue("x".repeat(48))).isEqualTo("'" + "x".repeat(48) + "'");
    assertThat(Excerpt.ofValue("x".repeat(49))).isEqualTo("'" + "x".repeat(48) + "…'");
  }
}
