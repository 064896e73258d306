package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {
  @Test
  void whatWouldBreakTheLineIsEscaped() {
    assertThat(OneLine.of("a\r\nERROR forged\u2028\u202e\u0000\u001b[31m \u017c"))
        .isEqualTo("a\\u000d\\u000aERROR forged\\u2028\\u202e\\u0000\\u001b[31m \u017c");
  }

  @Test
  void aLongTextIsCut() {
    assertThat(OneLine.of("x".repeat(100_000))).isEqualTo("x".repeat(400) + "...");
  }
}
