package dev.stalk.testkit;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.worker.EagerWorker;
import dev.stalk.worker.TaskContext;
import dev.stalk.worker.TaskHandler;
import dev.stalk.worker.TaskListener;
import dev.stalk.worker.TaskOptions;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client whose tasks run at once, in the thread that sends them, without a broker or a worker
 * (celery's {@code task_always_eager} and {@code app/task.py:Task.apply}). Unlike Celery's it goes
 * the way of every message: encoded, decoded, admitted, run, its result encoded and stored. So an
 * argument that has no JSON form fails here too.
 *
 * <p>When {@code send} returns, the task has ended, and so have its retries, callbacks, errbacks
 * and the further steps of its chain. What was to wait for a countdown, an ETA, a retry's backoff
 * or a rate limit does not: {@link #clock} goes on to its time.
 *
 * <pre>{@code
 * try (Eager eager = Eager.builder().tasks(new MathTasks()).start()) {
 *   AsyncResult sum = eager.client().send(TaskSignature.of("tasks.add", 2, 3));
 *   assertThat(sum.result().value()).isEqualTo(5);
 * }
 * }</pre>
 *
 * <p>Thread-safe; where several threads send, each waits for its turn.
 */
public final class Eager implements AutoCloseable {
  /** A task that sends itself again without end is ended after so many turns. */
  private static final int MOST_TURNS = 1000;

  private record Failure(String task, Throwable error) {}

  private final SettableClock clock = new SettableClock();
  private final InMemoryBroker broker = new InMemoryBroker(clock);
  private final TaskRecorder recorder = new TaskRecorder();
  private final AtomicReference<@Nullable Failure> failure = new AtomicReference<>();
  private final boolean propagating;
  private final InMemoryTransport workers;
  private final EagerWorker worker;
  private final BrokerClient client;

  private Eager(Builder builder) {
    BrokerConfig config = builder.broker;
    this.propagating = builder.propagating;
    this.workers = broker.connect(config);
    this.worker =
        builder
            .worker
            .config(
                WorkerConfig.builder()
                    .name("eager")
                    .broker(config)
                    .queue(config.defaultQueue(), new QueueConfig(1, 0))
                    .build())
            .transport(workers)
            .time(clock)
            .listener(recorder)
            .listener(new Failures())
            .buildEager();
    this.client =
        BrokerClient.over(new EagerTransport(broker.store(), config, this::run), config, clock);
  }

  /** Starts with no tasks. */
  public static Builder builder() {
    return new Builder();
  }

  /** The client whose tasks run at once. */
  public BrokerClient client() {
    return client;
  }

  /** What has run so far. */
  public TaskRecorder recorder() {
    return recorder;
  }

  /** The clock everything here goes by; it goes on by itself to what is to run later. */
  public SettableClock clock() {
    return clock;
  }

  private void run() {
    int turns = 0;
    do {
      if (++turns > MOST_TURNS) {
        throw new IllegalStateException(
            "tasks were sent again %d times without an end".formatted(MOST_TURNS));
      }
      List<String> busy = workers.step(broker.store()::busyQueues);
      if (!busy.isEmpty()) {
        worker.run(busy);
      }
    } while (goOnToWhatIsParked() || !workers.step(broker.store()::busyQueues).isEmpty());
    propagate();
  }

  /** Goes on to the time of the message that is due first, if one is parked. */
  private boolean goOnToWhatIsParked() {
    InMemoryStore store = broker.store();
    Instant due =
        workers.<@Nullable Instant>step(
            () -> store.parked.isEmpty() ? null : store.parked.get(0).due());
    if (due == null) {
      return false;
    }
    Duration left = Duration.between(clock.instant(), due);
    if (!left.isNegative()) {
      clock.advance(left);
    }
    workers.step(
        () -> {
          workers.unpark(
              store.parked.stream()
                  .filter(message -> !message.due().isAfter(store.now()))
                  .toList());
          return true;
        });
    return true;
  }

  private void propagate() {
    Failure first = failure.getAndSet(null);
    if (first == null || !propagating) {
      return;
    }
    if (first.error() instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (first.error() instanceof Error error) {
      throw error;
    }
    throw new EagerTaskException(first.task(), first.error());
  }

  private final class Failures implements TaskListener {
    @Override
    public void failed(TaskContext context, Throwable error) {
      failure.compareAndSet(null, new Failure(context.task(), error));
    }
  }

  /** Closes the client. */
  @Override
  public void close() {
    client.close();
    worker.close();
  }

  /** Collects what is to be run; not thread-safe. */
  public static final class Builder {
    private final Worker.Builder worker = Worker.builder().metrics(new SimpleMeterRegistry());
    private BrokerConfig broker = BrokerConfig.builder().build();
    private boolean propagating;

    private Builder() {}

    /** Adds the methods of this object that are marked as tasks; see {@link Worker.Builder}. */
    public Builder tasks(Object object) {
      worker.tasks(object);
      return this;
    }

    /** Adds a function. */
    public Builder task(String name, TaskHandler handler) {
      worker.task(name, handler);
      return this;
    }

    /** Adds a function with options. */
    public Builder task(String name, TaskOptions options, TaskHandler handler) {
      worker.task(name, options, handler);
      return this;
    }

    /** Sets what else a worker is given: interceptors, listeners, exceptions, a factory. */
    public Builder worker(Consumer<Worker.Builder> settings) {
      settings.accept(worker);
      return this;
    }

    /** The settings of the broker: default queue, content, max-deliveries. */
    public Builder broker(BrokerConfig config) {
      broker = config;
      return this;
    }

    /**
     * Has {@code send} throw what a task threw, after all that followed from it has run (celery's
     * {@code task_eager_propagates}): an unchecked exception as it is, a checked one in an {@link
     * EagerTaskException}. Of several the first. By default the result alone tells.
     */
    public Builder propagating() {
      propagating = true;
      return this;
    }

    /**
     * Makes it.
     *
     * @throws IllegalArgumentException if there is no task
     */
    public Eager start() {
      return new Eager(this);
    }
  }
}
