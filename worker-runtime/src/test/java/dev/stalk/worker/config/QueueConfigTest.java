package dev.stalk.worker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueueConfigTest {

  @Test
  void eightThreadsAndAsManyMessagesAheadAreTheDefault() {
    assertThat(QueueConfig.builder().readAhead(0).build()).isEqualTo(new QueueConfig(8, 8));
  }

  @Test
  void itReadsAheadUnlessNothingIsToBeFetchedAhead() {
    assertThat(QueueConfig.builder().build().readAhead()).isEqualTo(512);
    assertThat(QueueConfig.builder().buffer(1).build().readAhead()).isEqualTo(512);
    assertThat(QueueConfig.builder().buffer(0).build().readAhead()).isZero();
    assertThat(QueueConfig.builder().buffer(0).readAhead(9).build().readAhead()).isEqualTo(9);
    assertThat(new QueueConfig(4, 4).readAhead()).isZero();
  }

  @Test
  void theBufferFollowsTheThreadsUnlessItIsSet() {
    assertThat(QueueConfig.builder().threads(16).build().buffer()).isEqualTo(16);
    assertThat(QueueConfig.builder().buffer(3).threads(16).build().buffer()).isEqualTo(3);
    assertThat(QueueConfig.builder().threads(16).buffer(0).build().buffer()).isZero();
  }

  @Test
  void theEndsOfTheRangesAreAllowed() {
    assertThat(new QueueConfig(1, 0)).isEqualTo(new QueueConfig(1, 0));
    assertThat(new QueueConfig(10_000, 100_000)).isEqualTo(new QueueConfig(10_000, 100_000));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 10_001, Integer.MAX_VALUE})
  void threadsOutOfRangeAreRefused(int threads) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueueConfig.builder().threads(threads).buffer(1).build())
        .withMessage("threads must be between 1 and 10000, not " + threads);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 100_001, Integer.MAX_VALUE})
  void aBufferOutOfRangeIsRefused(int buffer) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueueConfig.builder().buffer(buffer).build())
        .withMessage("buffer must be between 0 and 100000, not " + buffer);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QueueConfig.builder().readAhead(buffer).build())
        .withMessage("read-ahead must be between 0 and 100000, not " + buffer);
  }
}
