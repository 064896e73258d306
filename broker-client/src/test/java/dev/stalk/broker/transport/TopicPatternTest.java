package dev.stalk.broker.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TopicPatternTest {
  private final TopicPattern patterns = new TopicPattern();

  @Test
  void keysBecomeThePatternsThatKombuMakesOfThem() {
    assertThat(TopicPattern.of("foo.#")).isEqualTo("^foo\\..*?$");
    assertThat(TopicPattern.of("foo.*.b_a-r")).isEqualTo("^foo\\.[^\\.]+\\.b\\_a\\-r$");
    assertThat(TopicPattern.before57("foo.*.b_a-r")).isEqualTo("^foo\\..*?[^\\.]\\.b\\_a\\-r$");
    assertThat(TopicPattern.of("½.\u0000")).isEqualTo("^½\\.\\000$");
  }

  @Test
  void patternsOfEitherVersionMatchAsTheyStand() {
    assertThat(patterns.matches(TopicPattern.of("a.*"), "a.b")).isTrue();
    assertThat(patterns.matches(TopicPattern.of("a.*"), "a.b.c")).isFalse();
    assertThat(patterns.matches(TopicPattern.before57("a.*"), "a.b.c")).isTrue();
    assertThat(patterns.matches(TopicPattern.of("#"), "")).isTrue();
  }

  @Test
  void aPatternThatIsNoneOrTooMuchWorkIsRefused() {
    assertThatThrownBy(() -> patterns.matches("^(", "a"))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("the pattern ^( is none");
    String manyWays = TopicPattern.of("#.".repeat(20) + "b");
    assertThatThrownBy(() -> patterns.matches(manyWays, ".".repeat(100)))
        .isInstanceOf(BrokerException.class)
        .hasMessageEndingWith(" is too much work for a key of 100 characters");
  }
}
