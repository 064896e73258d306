package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerYaml;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Each setting that {@code docs/configuration.md} calls reloadable is changed twice, while a
 * producer sends and the worker runs; in the end the books must balance. A key without a case here
 * fails the test.
 */
@Timeout(300)
class ReloadEachSettingIT {
  private static final String OF_QUEUE = "queues.NAME.";

  /** Rows of the table of keys: the key and whether it is taken over. */
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `([^`]+)` \\|[^|]*\\|[^|]*\\|[^|]*\\| (yes|no) \\|[^|]*\\|$");

  /** How many tasks are to run between two changes. */
  private static final int STEP = 20;

  /** How many tasks may wait before the producer lets the worker catch up. */
  private static final int AHEAD = 400;

  /** Two values for each key, without what precedes them all. */
  private static final Map<String, List<String>> VALUES = new LinkedHashMap<>();

  /** What must stand beside a key for its values to be allowed, or to mean something. */
  private static final Map<String, String> BESIDE =
      Map.of(
          "thread-pool-bulkhead.core-thread-pool-size", "max-thread-pool-size: 6",
          "thread-pool-bulkhead.keep-alive-duration",
              "core-thread-pool-size: 1, max-thread-pool-size: 6, queue-capacity: 1",
          "autoscale.min-threads", "max-threads: 9",
          "autoscale.keep-alive", "max-threads: 6",
          "retry.backoff-max", "backoff: 1s",
          "retry.jitter", "backoff: 1s");

  static {
    VALUES.put("base-config", List.of("few", "many"));
    VALUES.put("queues", List.of("[a, a2]", "[a, a3]"));
    VALUES.put("queue-order-strategy", List.of("priority", "sorted"));
    VALUES.put("threads", List.of("1", "7"));
    VALUES.put("buffer", List.of("0", "40"));
    VALUES.put("read-ahead", List.of("0", "100"));
    VALUES.put("virtual-threads", List.of("true", "false"));
    VALUES.put("thread-pool-bulkhead.core-thread-pool-size", List.of("1", "5"));
    VALUES.put("thread-pool-bulkhead.max-thread-pool-size", List.of("2", "6"));
    VALUES.put("thread-pool-bulkhead.queue-capacity", List.of("0", "30"));
    VALUES.put("thread-pool-bulkhead.keep-alive-duration", List.of("0s", "50ms"));
    VALUES.put("bulkhead.max-concurrent-calls", List.of("2", "6"));
    VALUES.put("autoscale.min-threads", List.of("1", "3"));
    VALUES.put("autoscale.max-threads", List.of("3", "6"));
    VALUES.put("autoscale.keep-alive", List.of("0s", "20ms"));
    VALUES.put("memory-limit", List.of("1KiB", "1MiB"));
    VALUES.put("rate-limit", List.of("400/s", "0"));
    VALUES.put("rate-limiter.limit-for-period", List.of("200", "400"));
    VALUES.put("rate-limiter.limit-refresh-period", List.of("100ms", "50ms"));
    VALUES.put("ack", List.of("early", "late"));
    VALUES.put("soft-time-limit", List.of("1m", "2m"));
    VALUES.put("time-limit", List.of("3m", "4m"));
    VALUES.put("track-started", List.of("true", "false"));
    VALUES.put("store-errors-even-if-ignored", List.of("true", "false"));
    VALUES.put("result-extended", List.of("true", "false"));
    VALUES.put("deduplicate-successful-tasks", List.of("true", "false"));
    VALUES.put("retry.max-retries", List.of("0", "forever"));
    VALUES.put("retry.delay", List.of("0s", "1s"));
    VALUES.put("retry.backoff", List.of("1s", "2s"));
    VALUES.put("retry.backoff-max", List.of("1s", "3s"));
    VALUES.put("retry.jitter", List.of("false", "true"));
    VALUES.put("retry.auto-retry-for", List.of("[java.io.IOException]", "[]"));
    VALUES.put("retry.dont-auto-retry-for", List.of("[java.io.IOException]", "[]"));
    VALUES.put("circuit-breaker.enabled", List.of("true", "false"));
    VALUES.put("circuit-breaker.failure-rate-threshold", List.of("20", "90"));
    VALUES.put("circuit-breaker.slow-call-rate-threshold", List.of("20", "90"));
    VALUES.put("circuit-breaker.slow-call-duration-threshold", List.of("1ms", "1m"));
    VALUES.put("circuit-breaker.permitted-number-of-calls-in-half-open-state", List.of("1", "5"));
    VALUES.put("circuit-breaker.max-wait-duration-in-half-open-state", List.of("20ms", "0s"));
    VALUES.put("circuit-breaker.sliding-window-type", List.of("TIME_BASED", "COUNT_BASED"));
    VALUES.put("circuit-breaker.sliding-window-size", List.of("5", "50"));
    VALUES.put("circuit-breaker.minimum-number-of-calls", List.of("3", "30"));
    VALUES.put("circuit-breaker.wait-duration-in-open-state", List.of("10ms", "30ms"));
    VALUES.put("circuit-breaker.record-exceptions", List.of("[java.io.IOException]", "[]"));
    VALUES.put(
        "circuit-breaker.ignore-exceptions", List.of("[java.lang.IllegalStateException]", "[]"));
    VALUES.put(
        "task-circuit-breaker.*",
        List.of(
            "minimum-number-of-calls: 3, sliding-window-size: 3, wait-duration-in-open-state: 20ms",
            "enabled: false"));
  }

  private final Map<String, AtomicInteger> runs = new ConcurrentHashMap<>();
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();

  private static Set<String> keys(String reload) throws IOException {
    String page = Files.readString(Path.of("..", "docs", "configuration.md"));
    return ROW.matcher(page)
        .results()
        .filter(row -> row.group(2).equals(reload))
        .map(row -> row.group(1))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  @Test
  void everyKeyThatIsReloadedHasACase() throws IOException {
    assertThat(keys("yes").stream().map(key -> key.replace(OF_QUEUE, "")))
        .isNotEmpty()
        .containsExactlyInAnyOrderElementsOf(VALUES.keySet());
  }

  /** One in ten fails, so that breakers have something to do. */
  private Object run(String id) {
    runs.computeIfAbsent(id, key -> new AtomicInteger()).incrementAndGet();
    if (id.endsWith("7")) {
      throw new IllegalStateException("one in ten fails");
    }
    return id;
  }

  /** A file in which the compartment {@code a} says this, and no more than it needs beside it. */
  private static String yaml(Interop peers, String key, String value) {
    String keys = "%s: %s".formatted(key, value);
    int dot = key.indexOf('.');
    if (dot >= 0) {
      String inner = key.substring(dot + 1);
      String own = inner.equals("*") ? value : "%s: %s".formatted(inner, value);
      String beside = BESIDE.get(key);
      keys =
          "%s: { %s%s }".formatted(key.substring(0, dot), own, beside == null ? "" : ", " + beside);
    }
    return """
        broker: { url: "%s" }
        defaults: { threads: 4, circuit-breaker: { wait-duration-in-open-state: 20ms } }
        configs: { few: { threads: 2 }, many: { threads: 9 } }
        queues: { a: { %s }, calm: { } }
        """
        .formatted(peers.redis().url(), keys);
  }

  private static WorkerConfig config(Interop peers, String key, String value) {
    return WorkerYaml.parse("worker.yaml", yaml(peers, key, value), Map.of());
  }

  private static boolean needsVirtualThreads(String key, String value) {
    return key.startsWith("bulkhead.") || (key.equals("virtual-threads") && value.equals("true"));
  }

  @Test
  void eachIsTakenOverUnderLoadAndNothingIsLostOrRunTwice() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      Worker worker =
          peers.closed(
              Worker.builder()
                  .config(config(peers, "threads", "4"))
                  .metrics(new SimpleMeterRegistry())
                  .task("count", (context, args) -> run((String) args.positional().get(0)))
                  .build());
      worker.start();
      Thread producer = new Thread(() -> produce(client), "producer");
      producer.start();
      Set<String> unchanged = new TreeSet<>();
      try {
        VALUES.forEach(
            (key, values) -> {
              Set<QueueConfig> seen = new LinkedHashSet<>();
              int taken = 0;
              for (String value : values) {
                if (needsVirtualThreads(key, value) && Runtime.version().feature() < 21) {
                  refused(peers, worker, key, value);
                } else {
                  taken++;
                  seen.add(change(worker, config(peers, key, value)));
                }
              }
              if (seen.size() < taken) {
                unchanged.add(key);
              }
            });
      } finally {
        over.set(true);
        producer.join();
      }

      assertThat(unchanged).as("keys whose two values came to the same").isEmpty();
      worker.reload(config(peers, "threads", "8"));
      Interop.await("every task ran", () -> runs.size() == sent.get());
      Interop.await("nothing is held or parked", () -> peers.number("HLEN", "unacked") == 0);
      assertThat(runs.values()).allSatisfy(count -> assertThat(count).hasValue(1));
      for (String queue : List.of("a", "calm")) {
        assertThat(peers.number("LLEN", queue)).as("left in " + queue).isZero();
        assertThat(peers.number("LLEN", queue + ".quarantine")).as("put aside").isZero();
      }
    }
  }

  private void produce(BrokerClient client) {
    while (!over.get()) {
      List<TaskSignature> calls = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        String id = "id-" + sent.get() + "-" + i;
        calls.add(TaskSignature.of("count", id).on(i % 5 == 0 ? "calm" : "a"));
      }
      client.sendAll(calls);
      int all = sent.addAndGet(calls.size());
      Interop.await("the worker catches up", () -> over.get() || runs.size() > all - AHEAD);
    }
  }

  /** Has it taken over and used for a while; what then holds for the compartment. */
  private QueueConfig change(Worker worker, WorkerConfig changed) {
    worker.reload(changed);
    assertThat(worker.config()).isEqualTo(changed);
    int until = runs.size() + STEP;
    Interop.await("the worker goes on", () -> runs.size() >= until);
    return changed.queues().get("a");
  }

  private static void refused(Interop peers, Worker worker, String key, String value) {
    WorkerConfig before = worker.config();

    assertThatThrownBy(() -> worker.reload(config(peers, key, value)))
        .hasMessageContaining("virtual threads need a JVM of version 21");

    assertThat(worker.config()).isEqualTo(before);
  }
}
