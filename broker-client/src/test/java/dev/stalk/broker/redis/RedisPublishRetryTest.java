package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.PublishRetryPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RedisPublishRetryTest {
  private final List<Duration> pauses = new ArrayList<>();
  private final List<List<String>> attempts = new ArrayList<>();
  private final RedisPublishRetry retry =
      new RedisPublishRetry(PublishRetryPolicy.DEFAULT, pauses::add);

  private static BrokerException away() {
    return new BrokerUnavailableException("away", new java.net.ConnectException("refused"));
  }

  private BrokerException refuse(List<String> all, List<String> unconfirmed) {
    attempts.add(List.copyOf(all));
    unconfirmed.addAll(all);
    return away();
  }

  private void run(PublishRetry call) {
    retry.run(List.of("a"), call, this::refuse, () -> {});
  }

  private static Duration millis(long count) {
    return Duration.ofMillis(count);
  }

  @Test
  void aBrokerThatStaysAwayIsAskedAsOftenAndAfterSuchPausesAsCeleryAsks() {
    assertThatThrownBy(() -> run(PublishRetry.AS_CONFIGURED))
        .isInstanceOf(BrokerUnavailableException.class);

    assertThat(attempts).hasSize(4);
    assertThat(pauses).containsExactly(millis(0), millis(200), millis(400));
  }

  @Test
  void aCallsOwnPolicyIsLaidOverTheConfiguredOne() {
    PublishRetry call = PublishRetry.upTo(4).withIntervals(millis(50), null, millis(300));

    assertThatThrownBy(() -> run(call)).isInstanceOf(BrokerUnavailableException.class);

    assertThat(pauses).containsExactly(millis(50), millis(250), millis(300), millis(300));
  }

  @Test
  void aCallThatIsNotToBeTriedAgainFailsAtOnce() {
    assertThatThrownBy(() -> run(PublishRetry.NEVER))
        .isInstanceOf(BrokerUnavailableException.class);

    assertThat(attempts).hasSize(1);
    assertThat(pauses).isEmpty();
  }

  @Test
  void onlyWhatWasNotConfirmedIsSentAgain() {
    List<List<String>> sent = new ArrayList<>();

    assertThatCode(
            () ->
                retry.run(
                    List.of("a", "b", "c"),
                    PublishRetry.AS_CONFIGURED,
                    (all, unconfirmed) -> {
                      sent.add(List.copyOf(all));
                      if (sent.size() == 1) {
                        unconfirmed.add("c");
                        return away();
                      }
                      return null;
                    },
                    () -> {}))
        .doesNotThrowAnyException();

    assertThat(sent).containsExactly(List.of("a", "b", "c"), List.of("c"));
  }

  @Test
  void whoeverIsInterruptedBetweenTwoAttemptsKnowsIt() {
    RedisPublishRetry interrupted =
        new RedisPublishRetry(
            PublishRetryPolicy.DEFAULT,
            pause -> {
              throw new InterruptedException();
            });

    assertThatThrownBy(
            () -> interrupted.run(List.of("a"), PublishRetry.AS_CONFIGURED, this::refuse, () -> {}))
        .isInstanceOf(BrokerInterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }
}
