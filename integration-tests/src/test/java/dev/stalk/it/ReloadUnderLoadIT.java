package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every setting is changed while tasks are sent and run; then the books are checked. */
@Timeout(180)
class ReloadUnderLoadIT {
  private static final int ROUNDS = 3;
  private static final int BATCH = 60;

  /** Each stands for a while, under load, and gives way to the next. */
  private static final List<String> SETTINGS =
      List.of(
          "threads: 1, buffer: 0",
          "threads: 8, buffer: 50",
          "thread-pool-bulkhead: { core-thread-pool-size: 1, max-thread-pool-size: 6, queue-capacity: 2 }",
          "autoscale: { min-threads: 1, max-threads: 6, keep-alive: 10ms }",
          "threads: 4, memory-limit: 1KiB",
          "threads: 4, rate-limit: 400/s",
          "threads: 4, rate-limiter: { limit-for-period: 50, limit-refresh-period: 100ms }",
          "threads: 4, circuit-breaker: { minimum-number-of-calls: 5, sliding-window-size: 5, failure-rate-threshold: 20, wait-duration-in-open-state: 50ms, permitted-number-of-calls-in-half-open-state: 2 }",
          "threads: 4, circuit-breaker: { sliding-window-type: TIME_BASED, sliding-window-size: 1, minimum-number-of-calls: 3, wait-duration-in-open-state: 20ms, slow-call-duration-threshold: 1ms }",
          "threads: 4, task-circuit-breaker: { minimum-number-of-calls: 3, sliding-window-size: 3, failure-rate-threshold: 20, wait-duration-in-open-state: 50ms, permitted-number-of-calls-in-half-open-state: 1 }");

  private final Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();

  private Object run(List<?> arguments) {
    String id = (String) arguments.get(0);
    runs.computeIfAbsent(id, key -> new AtomicInteger()).incrementAndGet();
    if (id.endsWith("7")) {
      throw new IllegalStateException("one in ten fails");
    }
    return id;
  }

  private static WorkerConfig config(Interop peers, String settings, boolean second) {
    String text =
        "broker: { url: \"%s\" }\nqueues: { a: { %s }%s }"
            .formatted(peers.redis().url(), settings, second ? ", group: { queues: [b, c] }" : "");
    return WorkerYaml.parse("worker.yaml", text, Map.of());
  }

  @Test
  void nothingIsLostAndNothingRunsTwice() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      Worker worker =
          peers.closed(
              Worker.builder()
                  .config(config(peers, SETTINGS.get(0), true))
                  .metrics(new SimpleMeterRegistry())
                  .task("count", (context, arguments) -> run(arguments.positional()))
                  .build());
      worker.start();
      int sent = 0;

      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < SETTINGS.size(); i++) {
          sent += send(client, sent);
          worker.reload(config(peers, SETTINGS.get(i), i % 3 != 1));
          int some = (sent - BATCH) / 2; // half is in queue a, which alone is served all the time
          Interop.await("the worker is in the middle of its work", () -> runs.size() >= some);
        }
      }
      worker.reload(config(peers, "threads: 8", true));

      int all = sent;
      Interop.await("every task ran", () -> runs.size() == all);
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
      assertThat(runs.values()).allSatisfy(count -> assertThat(count).hasValue(1));
      for (String queue : List.of("a", "b", "c")) {
        assertThat(peers.number("LLEN", queue)).isZero();
        assertThat(peers.number("LLEN", queue + ".quarantine")).isZero();
      }
    }
  }

  private static int send(BrokerClient client, int first) {
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      String queue = i % 4 == 0 ? "b" : i % 4 == 1 ? "c" : "a";
      calls.add(TaskSignature.of("count", "id-" + (first + i)).on(queue));
    }
    client.sendAll(calls);
    return BATCH;
  }

  /** Parked by a breaker, a message returns by itself, and no retry or delivery is used up. */
  @Test
  void whatABreakerParkedComesBackByItself() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      AtomicInteger broken = new AtomicInteger(1);
      String breaker =
          "task-circuit-breaker: { minimum-number-of-calls: 2, sliding-window-size: 2,"
              + " wait-duration-in-open-state: 10s }";
      Worker worker =
          peers.closed(
              Worker.builder()
                  .config(config(peers, breaker, false))
                  .metrics(new SimpleMeterRegistry())
                  .task(
                      "fragile",
                      (context, arguments) -> {
                        if (broken.get() == 1) {
                          throw new IllegalStateException("down");
                        }
                        return context.redelivered();
                      })
                  .task("count", (context, arguments) -> run(arguments.positional()))
                  .build());
      worker.start();
      client.send(TaskSignature.of("fragile").on("a"));
      client.send(TaskSignature.of("fragile").on("a"));
      Interop.await(
          "the breaker is open",
          () -> worker.circuitBreaker("a", "fragile").orElseThrow().getState() == State.OPEN);
      var parked = client.send(TaskSignature.of("fragile").on("a"));
      Interop.await(
          "it is parked",
          () -> peers.redis().command("HKEYS", "unacked").toString().contains("park"));

      var other = client.send(TaskSignature.of("count", "x").on("a"));
      assertThat(other.get(String.class, Interop.PATIENCE)).isEqualTo("x");
      broken.set(0);

      assertThat(parked.get(Boolean.class, Interop.PATIENCE)).as("redelivered").isFalse();
    }
  }
}
