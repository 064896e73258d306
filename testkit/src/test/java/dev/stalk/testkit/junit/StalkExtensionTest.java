package dev.stalk.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.testkit.InMemoryBroker;
import dev.stalk.testkit.SettableClock;
import dev.stalk.testkit.StalkHarness;
import dev.stalk.testkit.TaskRecorder;
import dev.stalk.worker.Task;
import dev.stalk.worker.Worker;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@StalkTest(
    tasks = StalkExtensionTest.MathTasks.class,
    queues = {"celery", "other"})
@Execution(ExecutionMode.CONCURRENT)
public class StalkExtensionTest {
  private static final Set<InMemoryBroker> SEEN = ConcurrentHashMap.newKeySet();

  private TaskRecorder recorder;

  /** Tasks of the worker's. */
  public static class MathTasks {
    /** Adds. */
    @Task("math.add")
    public int add(int x, int y) {
      return x + y;
    }
  }

  /** A task of the test itself. */
  @Task("own.greet")
  public String greet(String name) {
    return "hello " + name;
  }

  @BeforeEach
  void remember(TaskRecorder value) {
    recorder = value;
  }

  @RepeatedTest(3)
  void everyTestHasABrokerOfItsOwn(InMemoryBroker broker, BrokerClient client) {
    assertThat(SEEN.add(broker)).isTrue();
    assertThat(recorder.events()).isEmpty();

    client.send(TaskSignature.of("math.add", 1, 2).on("other"));

    assertThat(recorder.await("math.add").value()).isEqualTo(3);
  }

  @Test
  void theTestsOwnMethodsAreTasksToo(BrokerClient client) {
    assertThat(
            client
                .send(TaskSignature.of("own.greet", "you"))
                .get(String.class, Duration.ofSeconds(30)))
        .isEqualTo("hello you");
  }

  @Test
  void clientWorkerClockAndHarnessBelongTogether(
      BrokerClient client,
      Worker worker,
      SettableClock clock,
      BrokerConfig config,
      StalkHarness harness) {
    assertThat(harness.client()).isSameAs(client);
    assertThat(harness.worker()).isSameAs(worker);
    assertThat(harness.clock()).isSameAs(clock);
    assertThat(harness.config()).isSameAs(config);
    assertThat(worker.taskNames()).containsExactlyInAnyOrder("math.add", "own.greet");
    assertThatThrownBy(harness::redis).hasMessageContaining("choose Redis");
  }

  @Nested
  class InANestedClass {
    /** A task of the nested test. */
    @Task("nested.double")
    public int twice(int number) {
      return 2 * number;
    }

    @Test
    void theAnnotationAroundItCountsAndItsTasksAreAdded(BrokerClient client, Worker worker) {
      assertThat(worker.taskNames())
          .containsExactlyInAnyOrder("math.add", "own.greet", "nested.double");

      client.send(TaskSignature.of("nested.double", 4));

      assertThat(recorder.await("nested.double").value()).isEqualTo(8);
    }
  }
}
