package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpanTest {
  @Test
  void whatIsCoveredTwiceCountsOnce() {
    Span span = new Span(100, 200);

    assertThat(span.coveredBy(List.of(new Span(50, 120), new Span(110, 130), new Span(190, 300))))
        .isEqualTo(40);
  }

  @Test
  void aSpanWithinAnotherAddsNothing() {
    assertThat(new Span(0, 100).coveredBy(List.of(new Span(10, 90), new Span(20, 30))))
        .isEqualTo(80);
  }

  @Test
  void whatLiesOutsideCoversNothing() {
    assertThat(new Span(100, 200).coveredBy(List.of(new Span(0, 99), new Span(201, 300)))).isZero();
  }

  @Test
  void spansThatTouchMeet() {
    assertThat(new Span(0, 5).meets(new Span(5, 9))).isTrue();
    assertThat(new Span(0, 5).meets(new Span(6, 9))).isFalse();
  }

  @Test
  void spansThatLieCloseAreJoined() {
    assertThat(
            Span.joined(
                List.of(new Span(50, 60), new Span(0, 10), new Span(15, 20), new Span(5, 8)), 5))
        .containsExactly(new Span(0, 20), new Span(50, 60));
  }

  @Test
  void aSpanDoesNotEndBeforeItBegins() {
    assertThatThrownBy(() -> new Span(2, 1)).isInstanceOf(IllegalArgumentException.class);
  }
}
