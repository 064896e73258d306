package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.Settlement;
import java.util.List;
import org.junit.jupiter.api.Test;

class SettlementNumbersTest {
  private final SettlementNumbers numbers = new SettlementNumbers();
  private final Settlement first = Settlement.afterAcknowledgement("a", List.of());
  private final Settlement second = Settlement.afterAcknowledgement("b", List.of());
  private final Settlement third = Settlement.afterAcknowledgement("c", List.of());

  @Test
  void onlyWhatWasAcknowledgedBeforeIsNumbered() {
    Settlement held = new Settlement("h", List.of());
    numbers.offer(List.of(held));
    assertThat(SettlementNumbers.isNumbered(held)).isFalse();
    assertThat(numbers.isEmpty()).isTrue();

    numbers.offer(List.of(first, held, second));

    assertThat(numbers.isEmpty()).isFalse();
    assertThat(List.of(numbers.of(first), numbers.of(second))).containsExactly(1L, 2L);
  }

  @Test
  void whatIsOfferedAgainKeepsItsNumberUntilThereIsAnAnswer() {
    numbers.offer(List.of(first, second));
    numbers.offer(List.of(first, second, third));
    assertThat(List.of(numbers.of(first), numbers.of(second), numbers.of(third)))
        .containsExactly(1L, 2L, 3L);

    numbers.answered();
    numbers.offer(List.of(second));

    assertThat(numbers.of(second)).isEqualTo(4);
  }

  @Test
  void whatWasLeftOutMeanwhileIsRatherDoneTwiceThanNever() {
    numbers.offer(List.of(first));
    numbers.offer(List.of(second));

    numbers.offer(List.of(first, second));

    assertThat(numbers.of(first)).isGreaterThan(numbers.of(second));
  }
}
