package dev.stalk.worker;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.transport.Transport;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks from Celery's queues, each queue in a bulkhead of its own. Thread-safe.
 *
 * <pre>{@code
 * Worker worker =
 *     Worker.builder().config(WorkerYaml.load(Path.of("worker.yaml"))).tasks(new MathTasks()).build();
 * worker.run(); // until SIGTERM: fetch no more, finish, return the rest
 * }</pre>
 *
 * <p>A message is acknowledged after its task has ended, together with its result, in one step. A
 * worker that dies loses nothing: what it held is fetched again, by Java workers when its lease has
 * lapsed, by Python workers after their visibility timeout. So a task may run twice, and should
 * bear it.
 */
public final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  private static final Duration LONGEST = Duration.ofDays(365);

  private enum State {
    NEW,
    RUNNING,
    STOPPED
  }

  private final WorkerConfig config;
  private final TaskRegistry registry;
  private final Transport transport;
  private final List<QueueConsumer> consumers = new ArrayList<>();
  private final Chores chores;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private State state = State.NEW; // guarded by this

  private Worker(WorkerConfig config, TaskRegistry registry, MeterRegistry meters, Clock clock) {
    this.config = config;
    this.registry = registry;
    this.transport = BrokerClient.transport(config.broker(), "stalk-worker");
    WorkerMetrics metrics = new WorkerMetrics(meters);
    BrokerClock brokerClock = new BrokerClock(transport, clock, System::nanoTime);
    metrics.clockSkew(brokerClock::skew);
    DeliveryLimit limit = new DeliveryLimit(transport, config.broker().maxDeliveries());
    String workerId = UUID.randomUUID().toString();
    config
        .queues()
        .forEach(
            (queue, settings) ->
                consumers.add(
                    new QueueConsumer(
                        queue,
                        List.of(queue),
                        settings,
                        workerId + ":" + consumers.size(),
                        transport,
                        registry,
                        limit,
                        config.broker().content(),
                        metrics,
                        brokerClock)));
    this.chores =
        new Chores(
            transport,
            consumers,
            config.broker().lease(),
            config.broker().visibilityTimeout(),
            brokerClock,
            clock);
  }

  /** Starts with no tasks and no configuration. */
  public static Builder builder() {
    return new Builder();
  }

  /** The names of the tasks it knows. */
  public Set<String> taskNames() {
    return registry.names();
  }

  /**
   * Begins to fetch and run. Returns at once; a broker that is away is waited for.
   *
   * @throws IllegalStateException if it has been started or stopped before
   */
  public synchronized void start() {
    if (state != State.NEW) {
      throw new IllegalStateException("a worker can be started once");
    }
    state = State.RUNNING;
    consumers.forEach(QueueConsumer::start);
    chores.start();
    log.info("{} ready: queues {}, tasks {}", config.name(), config.queues().keySet(), taskNames());
  }

  /**
   * Starts, and stops when the JVM is told to end (SIGTERM or SIGINT). Returns when it has stopped.
   */
  public void run() {
    Thread hook = new Thread(() -> stop(config.shutdownTimeout()), "stalk-shutdown");
    Runtime.getRuntime().addShutdownHook(hook);
    start();
    try {
      stopped.await();
    } catch (InterruptedException e) {
      stop(config.shutdownTimeout());
      Thread.currentThread().interrupt();
    }
  }

  /** Fetches no more. Tasks that run go on, as do those already fetched. */
  public void quiet() {
    consumers.forEach(QueueConsumer::quiet);
  }

  /**
   * Stops: fetches no more, returns what has not begun to its queue at once, gives running tasks
   * this long, then interrupts them and returns their messages too. Stopping twice does nothing.
   *
   * @param patience how long running tasks get
   * @return true if every task ended by itself
   */
  public boolean stop(Duration patience) {
    synchronized (this) {
      if (state == State.STOPPED) {
        return true;
      }
      boolean started = state == State.RUNNING;
      state = State.STOPPED;
      if (!started) {
        close(consumers);
        return true;
      }
    }
    log.info("stopping; running tasks have {}", patience);
    quiet();
    consumers.forEach(QueueConsumer::returnWaiting);
    boolean warm = awaitEnd(patience);
    if (!warm) {
      int returned = consumers.stream().mapToInt(QueueConsumer::returnRunning).sum();
      log.warn("{} tasks did not end in time; their messages are returned", returned);
      if (!awaitEnd(config.broker().socketTimeout())) {
        log.error("the broker did not take everything back; leases will lapse");
        consumers.forEach(this::abandon);
      }
    }
    close(consumers);
    log.info("stopped");
    return warm;
  }

  /** An interrupt does not shorten it: the messages would be the price. The flag is set again. */
  private boolean awaitEnd(Duration patience) {
    Duration bounded = patience.compareTo(LONGEST) > 0 ? LONGEST : patience;
    long deadline = System.nanoTime() + bounded.toNanos();
    boolean interrupted = false;
    boolean all = true;
    for (QueueConsumer consumer : consumers) {
      while (true) {
        try {
          all &= consumer.awaitEnd(deadline - System.nanoTime());
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return all;
  }

  private void abandon(QueueConsumer consumer) {
    try {
      consumer.abandon();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void close(List<QueueConsumer> ended) {
    chores.close();
    for (QueueConsumer consumer : ended) {
      try {
        consumer.close();
      } catch (Exception e) {
        log.warn("a bulkhead did not close", e);
      }
    }
    transport.close();
    stopped.countDown();
  }

  /** Stops with the configured patience. */
  @Override
  public void close() {
    stop(config.shutdownTimeout());
  }

  /** Collects what a worker needs; not thread-safe. */
  public static final class Builder {
    private @Nullable WorkerConfig config;
    private final TaskRegistry registry = new TaskRegistry();
    private MeterRegistry meters = Metrics.globalRegistry;

    private Builder() {}

    /** The settings; needed. */
    public Builder config(WorkerConfig value) {
      config = Objects.requireNonNull(value, "config");
      return this;
    }

    /**
     * Adds every method of this object that is marked with {@link Task}.
     *
     * @throws IllegalArgumentException if there is none, one cannot be called, or a name is taken
     */
    public Builder tasks(Object object) {
      registry.addAll(object);
      return this;
    }

    /**
     * Adds a function.
     *
     * @throws IllegalArgumentException if the name is empty or taken
     */
    public Builder task(String name, TaskHandler handler) {
      registry.add(new RegisteredTask(name, handler, false));
      return this;
    }

    /** Where the meters go; Micrometer's global registry by default. */
    public Builder metrics(MeterRegistry value) {
      meters = Objects.requireNonNull(value, "metrics");
      return this;
    }

    /**
     * Makes the worker, with an object of each class the configuration names under {@code tasks}.
     *
     * @throws IllegalArgumentException if the configuration or every task is missing, or a class
     *     cannot be loaded
     */
    public Worker build() {
      if (config == null) {
        throw new IllegalArgumentException("a worker needs a configuration");
      }
      config.tasks().forEach(name -> registry.addAll(instantiate(name)));
      if (registry.names().isEmpty()) {
        throw new IllegalArgumentException(
            "a worker needs tasks: name their classes under 'tasks', or pass them to the builder");
      }
      return new Worker(config, registry, meters, Clock.systemUTC());
    }

    private static Object instantiate(String className) {
      try {
        return Class.forName(className, true, Thread.currentThread().getContextClassLoader())
            .getConstructor()
            .newInstance();
      } catch (ClassNotFoundException e) {
        throw new IllegalArgumentException(
            "tasks: no class %s on the class path".formatted(className), e);
      } catch (ReflectiveOperationException | LinkageError e) {
        throw new IllegalArgumentException(
            "tasks: %s needs a public constructor without parameters that works: %s"
                .formatted(className, e),
            e);
      }
    }
  }
}
