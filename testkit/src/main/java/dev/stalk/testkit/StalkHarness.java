package dev.stalk.testkit;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.Transport;
import dev.stalk.worker.TaskHandler;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A broker, a started worker and a client, put together for one test and closed together: in memory
 * on a {@link SettableClock}, or over a Redis under a key prefix of the test's own. Thread-safe.
 *
 * <pre>{@code
 * try (StalkHarness stalk = StalkHarness.builder().tasks(new MathTasks()).start()) {
 *   stalk.client().send(TaskSignature.of("tasks.add", 2, 3));
 *   assertThat(stalk.recorder().await("tasks.add").value()).isEqualTo(5);
 * }
 * }</pre>
 */
public final class StalkHarness implements AutoCloseable {
  private static final Duration PATIENCE = TaskRecorder.PATIENCE;
  private static final Duration STOP = Duration.ofSeconds(5);
  private static final Duration RESULTS_KEPT = Duration.ofMinutes(10);
  private static final long LOOK_NANOS = 1_000_000;

  private final BrokerConfig config;
  private final @Nullable SettableClock clock;
  private final @Nullable InMemoryBroker memory;
  private final @Nullable TestRedis redis;
  private final TaskRecorder recorder = new TaskRecorder();
  private final List<String> queues;
  private final BrokerClient client;
  private final Worker worker;

  private StalkHarness(Builder builder) {
    this.redis = builder.redis;
    this.clock = redis == null ? new SettableClock() : null;
    this.memory = clock == null ? null : new InMemoryBroker(clock);
    this.config = builder.broker.apply(startingPoint(redis)).build();
    if (builder.queues.isEmpty()) {
      builder.queues.put(config.defaultQueue(), new QueueConfig(4, 4));
    }
    WorkerConfig.Builder settings =
        WorkerConfig.builder().name("test").broker(config).shutdownTimeout(STOP);
    builder.queues.forEach(settings::queue);
    this.queues =
        builder.queues.entrySet().stream()
            .flatMap(queue -> queue.getValue().queuesOf(queue.getKey()).stream())
            .toList();
    builder.worker.config(settings.build()).listener(recorder).transport(transport("test-worker"));
    if (clock == null) {
      this.client = BrokerClient.over(transport("test-client"), config);
    } else {
      builder.worker.time(clock);
      this.client = BrokerClient.over(transport("test-client"), config, clock);
    }
    this.worker = builder.worker.build();
    worker.start();
  }

  /** Over Redis every test has keys of its own, and leaves no result behind for long. */
  private static BrokerConfig.Builder startingPoint(@Nullable TestRedis redis) {
    BrokerConfig.Builder config = BrokerConfig.builder().resultExpires(RESULTS_KEPT);
    String prefix = "test-" + UUID.randomUUID() + ":";
    return redis == null
        ? config
        : config.url(redis.url()).globalKeyprefix(prefix).resultsGlobalKeyprefix(prefix);
  }

  private Transport transport(String name) {
    return memory == null ? BrokerClient.transport(config, name) : memory.connect(config);
  }

  /** Starts with no tasks, in memory. */
  public static Builder builder() {
    return new Builder();
  }

  /** The client. */
  public BrokerClient client() {
    return client;
  }

  /** The worker, which has been started. */
  public Worker worker() {
    return worker;
  }

  /** What has become of the worker's tasks. */
  public TaskRecorder recorder() {
    return recorder;
  }

  /** The settings of the broker part, with which further clients and workers can be made. */
  public BrokerConfig config() {
    return config;
  }

  /**
   * The clock that broker, worker and client go by.
   *
   * @throws IllegalStateException over a Redis, which goes by a clock of its own
   */
  public SettableClock clock() {
    if (clock == null) {
      throw new IllegalStateException(
          "a Redis goes by its own clock, which cannot be set: run this test in memory");
    }
    return clock;
  }

  /**
   * The broker in memory, to be told to be down or full, or for further transports.
   *
   * @throws IllegalStateException over a Redis
   */
  public InMemoryBroker memory() {
    if (memory == null) {
      throw new IllegalStateException("this test runs over the Redis at " + redis());
    }
    return memory;
  }

  /**
   * The Redis.
   *
   * @throws IllegalStateException in memory
   */
  public TestRedis redis() {
    if (redis == null) {
      throw new IllegalStateException("this test runs in memory: choose Redis for it");
    }
    return redis;
  }

  /**
   * Waits until no message waits in the worker's queues and none is held. What waits for its time
   * does not count.
   *
   * @throws AssertionError if that is not so within {@link TaskRecorder#PATIENCE}, with what waits
   */
  public void awaitIdle() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!worker.isIdle()) {
      if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted()) {
        throw new AssertionError(
            "the worker is not idle after %s: %s".formatted(PATIENCE, waiting()));
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private Map<String, Map<Integer, Long>> waiting() {
    Map<String, Map<Integer, Long>> waiting = new LinkedHashMap<>();
    queues.forEach(queue -> waiting.put(queue, client.queueLengths(queue)));
    return waiting;
  }

  /** Stops the worker, over Redis deletes its queues, and closes the client. */
  @Override
  public void close() {
    try {
      worker.close();
      if (redis != null) {
        queues.forEach(queue -> client.queues().delete(queue));
      }
    } finally {
      client.close();
    }
  }

  /** Collects what a test needs; not thread-safe. */
  public static final class Builder {
    private final Worker.Builder worker = Worker.builder().metrics(new SimpleMeterRegistry());
    private final Map<String, QueueConfig> queues = new LinkedHashMap<>();
    private UnaryOperator<BrokerConfig.Builder> broker = UnaryOperator.identity();
    private @Nullable TestRedis redis;

    private Builder() {}

    /** Adds the methods of this object that are marked as tasks. */
    public Builder tasks(Object object) {
      worker.tasks(object);
      return this;
    }

    /** Adds a function. */
    public Builder task(String name, TaskHandler handler) {
      worker.task(name, handler);
      return this;
    }

    /** Sets what else a worker is given: interceptors, listeners, exceptions, a factory. */
    public Builder worker(Consumer<Worker.Builder> settings) {
      settings.accept(worker);
      return this;
    }

    /** Has the worker serve these queues, with four threads each; the default queue otherwise. */
    public Builder queues(String... names) {
      for (String name : new ArrayList<>(List.of(names))) {
        queues.put(name, new QueueConfig(4, 4));
      }
      return this;
    }

    /** Has the worker serve this queue with these settings. */
    public Builder queue(String name, QueueConfig settings) {
      queues.put(name, settings);
      return this;
    }

    /** Changes the settings of the broker: lease, visibility timeout, content. */
    public Builder broker(UnaryOperator<BrokerConfig.Builder> change) {
      broker = change;
      return this;
    }

    /** Runs over this Redis instead of in memory. The harness does not close it. */
    public Builder redis(TestRedis value) {
      redis = value;
      return this;
    }

    /**
     * Starts the worker.
     *
     * @throws IllegalArgumentException if there is no task, or a setting is wrong
     */
    public StalkHarness start() {
      return new StalkHarness(this);
    }
  }
}
