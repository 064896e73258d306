package dev.stalk.broker.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.PublishRetry;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PublishRetryPolicyTest {
  @Test
  void whatACallDoesNotSayStaysAsConfigured() {
    assertThat(PublishRetryPolicy.DEFAULT.with(PublishRetry.AS_CONFIGURED))
        .isEqualTo(PublishRetryPolicy.DEFAULT);
    assertThat(
            PublishRetryPolicy.DEFAULT.with(
                PublishRetry.upTo(PublishRetry.FOREVER)
                    .withIntervals(millis(1), millis(2), millis(3))))
        .isEqualTo(
            new PublishRetryPolicy(PublishRetryPolicy.FOREVER, millis(1), millis(2), millis(3)));
  }

  @Test
  void aCallsPolicyOutOfItsRangeIsRefused() {
    assertThatThrownBy(() -> PublishRetry.upTo(-1)).hasMessageContaining("max-retries");
    assertThatThrownBy(() -> PublishRetry.NEVER.withIntervals(millis(-1), null, null))
        .hasMessageContaining("interval-start");
    assertThatThrownBy(() -> PublishRetry.NEVER.withIntervals(null, Duration.ofDays(2), null))
        .hasMessageContaining("interval-step");
  }

  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void pausesOfTheDefaultAreCelerys() {
    PublishRetryPolicy policy = PublishRetryPolicy.DEFAULT;

    assertThat(IntStream.range(0, 8).mapToObj(policy::pause))
        .containsExactly(
            millis(0),
            millis(200),
            millis(400),
            millis(600),
            millis(800),
            millis(1000),
            millis(1000),
            millis(1000));
    assertThat(policy.allows(2)).isTrue();
    assertThat(policy.allows(3)).isFalse();
  }

  @Test
  void noPauseIsLongerThanTheLongestNotEvenTheFirst() {
    PublishRetryPolicy policy =
        new PublishRetryPolicy(1, Duration.ofSeconds(9), Duration.ofDays(1), Duration.ofSeconds(2));

    assertThat(policy.pause(0)).isEqualTo(Duration.ofSeconds(2));
    assertThat(policy.pause(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void foreverHasNoLastTry() {
    PublishRetryPolicy policy =
        new PublishRetryPolicy(
            PublishRetryPolicy.FOREVER, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    assertThat(policy.allows(Integer.MAX_VALUE)).isTrue();
  }

  @Test
  void valuesOutOfRangeAreRefusedByName() {
    assertThatThrownBy(() -> new PublishRetryPolicy(-1, millis(0), millis(0), millis(0)))
        .hasMessageContaining("max-retries");
    assertThatThrownBy(() -> new PublishRetryPolicy(1, millis(-1), millis(0), millis(0)))
        .hasMessageContaining("interval-start");
    assertThatThrownBy(() -> new PublishRetryPolicy(1, millis(0), Duration.ofDays(2), millis(0)))
        .hasMessageContaining("interval-step");
    assertThatThrownBy(() -> new PublishRetryPolicy(1, millis(0), millis(0), millis(-1)))
        .hasMessageContaining("interval-max");
  }
}
