package dev.stalk.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.faults.AppendOnlyFile.Step;
import java.util.List;
import org.junit.jupiter.api.Test;

class LossTest {
  private static final Step SENT = new Step("LPUSH", "q");

  @Test
  void whatRedisNeverSawWasNotLostByCelery() {
    assertThat(Loss.of(List.of())).isEqualTo(Loss.OTHER);
  }

  @Test
  void aBarePopIsCelerys() {
    assertThat(Loss.of(List.of(SENT, new Step("RPOP", "q")))).isEqualTo(Loss.CELERY_POPPED);
  }

  @Test
  void anAcknowledgementUnderKombusTagIsCelerys() {
    assertThat(
            Loss.of(
                List.of(SENT, new Step("RPOP", "q"), new Step("HSET", "t"), new Step("HDEL", "t"))))
        .isEqualTo(Loss.CELERY_ACKED);
  }

  @Test
  void anAcknowledgementUnderStalksTagIsStalks() {
    assertThat(Loss.of(List.of(SENT, new Step("HDEL", "stalk:held:w:0:1")))).isEqualTo(Loss.OTHER);
  }
}
