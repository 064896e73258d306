package dev.stalk.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.testkit.StalkHarness;
import dev.stalk.testkit.TestRedis;
import dev.stalk.worker.Task;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** The same over a real Redis. */
@StalkTest(broker = StalkTest.Broker.REDIS)
public class StalkRedisIT {
  private static final Set<String> PREFIXES = ConcurrentHashMap.newKeySet();

  /** A task. */
  @Task("own.double")
  public int twice(int number) {
    return 2 * number;
  }

  @RepeatedTest(2)
  void everyTestHasKeysOfItsOwn(
      BrokerClient client, BrokerConfig config, TestRedis redis, StalkHarness harness) {
    assertThat(PREFIXES.add(config.naming().prefix())).isTrue();
    assertThat(config.url()).isEqualTo(redis.url());

    assertThat(
            client
                .send(TaskSignature.of("own.double", 4))
                .get(Integer.class, Duration.ofSeconds(30)))
        .isEqualTo(8);
    harness.awaitIdle();
  }

  @Test
  void aRedisHasNoClockToBeSet(StalkHarness harness) {
    assertThatThrownBy(harness::clock)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("run this test in memory");
  }

  @Test
  void aServerOfTheTestsOwnEndsWhenItIsClosed() {
    TestRedis own = TestRedis.start();
    try (StalkHarness stalk = StalkHarness.builder().tasks(this).redis(own).start()) {
      stalk.client().send(TaskSignature.of("own.double", 1));
      assertThat(stalk.recorder().await("own.double").value()).isEqualTo(2);
    } finally {
      own.close();
    }
    own.close();
    assertThat(own.isAlive()).isFalse();
    assertThat(TestRedis.shared().isAlive()).isTrue();
  }
}
