package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator may do with a breaker by hand, on a real Redis. */
@Timeout(120)
class ForcedBreakerIT {
  private static final int CALLS = 20;

  /** So many decide. */
  private static final int WINDOW = 4;

  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger passed = new AtomicInteger();
  private Interop peers;
  private BrokerClient client;
  private Worker worker;

  @BeforeEach
  void start() {
    peers = new Interop();
    client = peers.client();
    String breaker =
        "{ sliding-window-size: %1$d, minimum-number-of-calls: %1$d, wait-duration-in-open-state: 1h }"
            .formatted(WINDOW);
    WorkerConfig config =
        WorkerYaml.parse(
            "worker.yaml",
            """
            broker: { url: "%s" }
            queues:
              whole: { threads: 2, circuit-breaker: %s }
              parts: { threads: 2, task-circuit-breaker: %s }
            """
                .formatted(peers.redis().url(), breaker, breaker),
            Map.of());
    worker =
        peers.closed(
            Worker.builder()
                .config(config)
                .metrics(new SimpleMeterRegistry())
                .task(
                    "fail",
                    (context, arguments) -> {
                      failed.incrementAndGet();
                      throw new IllegalStateException("broken");
                    })
                .task("pass", (context, arguments) -> passed.incrementAndGet())
                .build());
    worker.start();
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private void send(String task, String queue) {
    send(CALLS, task, queue);
  }

  private void send(int calls, String task, String queue) {
    client.sendAll(Collections.nCopies(calls, TaskSignature.of(task).on(queue)));
  }

  private long waiting(String queue) {
    return peers.number("LLEN", queue);
  }

  private void awaitNothingHeld() {
    awaitNothingBut(0);
  }

  private void awaitNothingBut(int parked) {
    Interop.await(
        "nothing else is held than " + parked, () -> peers.number("HLEN", "unacked") == parked);
  }

  @Test
  void forcedOpenNothingOfTheQueueIsRunUntilItIsReset() {
    CircuitBreaker breaker = worker.circuitBreaker("whole").orElseThrow();
    breaker.transitionToForcedOpenState();

    send("pass", "whole");
    send("pass", "parts");
    Interop.await("the neighbour's ran", () -> passed.get() == CALLS);
    awaitNothingHeld();
    assertThat(waiting("whole")).isEqualTo(CALLS);
    assertThat(breaker.getState()).isEqualTo(State.FORCED_OPEN);

    breaker.reset();
    Interop.await("the backlog ran", () -> passed.get() == 2 * CALLS);
    assertThat(waiting("whole")).isZero();
  }

  @Test
  void forcedClosedEveryCallIsRunAndCountedAndNoFailureOpensIt() {
    CircuitBreaker breaker = worker.circuitBreaker("whole").orElseThrow();
    breaker.transitionToMetricsOnlyState();

    send("fail", "whole");
    Interop.await("all ran", () -> failed.get() == CALLS);
    awaitNothingHeld();
    assertThat(breaker.getState()).isEqualTo(State.METRICS_ONLY);
    assertThat(breaker.getMetrics().getFailureRate()).isEqualTo(100);
    assertThat(waiting("whole")).isZero();

    breaker.reset();
    send(WINDOW, "fail", "whole");
    Interop.await("it opens by itself again", () -> breaker.getState() == State.OPEN);
    send("fail", "whole");
    awaitNothingHeld();
    Interop.await("what came after waits", () -> waiting("whole") == CALLS);
    assertThat(failed).hasValue(CALLS + WINDOW);
  }

  @Test
  void disabledEveryCallIsRunAndNoneIsCounted() {
    CircuitBreaker breaker = worker.circuitBreaker("whole").orElseThrow();
    breaker.transitionToDisabledState();

    send("fail", "whole");
    Interop.await("all ran", () -> failed.get() == CALLS);
    awaitNothingHeld();

    assertThat(breaker.getState()).isEqualTo(State.DISABLED);
    assertThat(breaker.getMetrics().getNumberOfFailedCalls()).isZero();
  }

  @Test
  void theSameGoesForTheBreakerOfATaskAndLeavesTheOthersOfItsQueueAlone() {
    CircuitBreaker breaker = worker.circuitBreaker("parts", "fail").orElseThrow();

    breaker.transitionToForcedOpenState();
    send("fail", "parts");
    send("pass", "parts");
    Interop.await("the other task's ran", () -> passed.get() == CALLS);
    Interop.await("all are parked", () -> peers.number("ZCARD", "stalk:parked") == CALLS);
    awaitNothingBut(CALLS);
    assertThat(waiting("parts")).isZero();
    assertThat(failed).hasValue(0);

    breaker.transitionToMetricsOnlyState();
    send("fail", "parts");
    Interop.await("what comes now is run", () -> failed.get() == CALLS);
    assertThat(breaker.getState()).isEqualTo(State.METRICS_ONLY);

    breaker.transitionToDisabledState();
    send("fail", "parts");
    Interop.await("and so is this", () -> failed.get() == 2 * CALLS);
    assertThat(breaker.getState()).isEqualTo(State.DISABLED);
  }
}
