package dev.stalk.worker.config;

import dev.stalk.broker.transport.QueueOrder;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One compartment of a worker: a queue, or a named group of queues, with a bulkhead of its own.
 * Immutable; an invalid one cannot be made.
 *
 * @param queues the queues it serves; empty for the one queue that has the compartment's name
 * @param queueOrder which of them is fetched from first, within a priority step (kombu's {@code
 *     queue_order_strategy}); by default they take turns
 * @param type threads of its own by default, or virtual threads behind a semaphore
 * @param threads how many of the compartment's tasks run at once, 1 to 10,000; 8 by default
 *     (Celery's {@code worker_concurrency}, but for this compartment alone). Resilience4j's {@code
 *     maxThreadPoolSize} or {@code maxConcurrentCalls}
 * @param coreThreads threads that are started before messages are kept in the buffer, 1 to {@code
 *     threads}; those beyond are started while the buffer is full. Resilience4j's {@code
 *     coreThreadPoolSize}; {@code threads} by default
 * @param buffer how many messages are fetched ahead of free threads, 0 to 100,000; as many as there
 *     are threads by default (Celery's prefetch). Resilience4j's {@code queueCapacity}
 * @param readAhead how far the buffer may grow while tasks are short, 0 to 100,000: as many
 *     messages are held as will begin within 20 ms. By default 256, or 0 if {@code buffer} is 0; no
 *     more than {@code buffer} switches it off
 * @param keepAlive how long a thread beyond {@code coreThreads} waits for a task before it ends, up
 *     to a day; 20 ms by default, as in Resilience4j ({@code keepAliveDuration})
 * @param autoscale lets the number of threads follow the work; null for a fixed number, the default
 * @param memoryLimit nothing is fetched while the messages held have this many bytes or more, 1 KiB
 *     to 1 TiB; 64 MiB by default. One fetch takes about a mebibyte, or one message if that is
 *     larger, and may go beyond it by that much
 * @param rateLimit how many tasks may begin in which time; null for no limit, the default
 * @param circuitBreaker stops the fetch while the compartment's tasks fail; null for none, the
 *     default
 * @param taskCircuitBreaker one more for each task name, which stops that task and no other; null
 *     for none, the default
 * @param tasks how its tasks are run; {@link TaskConfig#DEFAULT} by default
 */
public record QueueConfig(
    List<String> queues,
    QueueOrder queueOrder,
    BulkheadType type,
    int threads,
    int coreThreads,
    int buffer,
    int readAhead,
    Duration keepAlive,
    @Nullable AutoscaleConfig autoscale,
    long memoryLimit,
    @Nullable RateLimit rateLimit,
    @Nullable BreakerConfig circuitBreaker,
    @Nullable BreakerConfig taskCircuitBreaker,
    TaskConfig tasks) {

  public static final int DEFAULT_THREADS = 8;
  public static final int DEFAULT_READ_AHEAD = 512;
  public static final Duration DEFAULT_KEEP_ALIVE = Duration.ofMillis(20);
  public static final long DEFAULT_MEMORY_LIMIT = 64L << 20;

  static final int MAX_THREADS = 10_000;

  static final int MAX_BUFFER = 100_000;
  private static final long MIN_MEMORY_LIMIT = 1L << 10;
  private static final long MAX_MEMORY_LIMIT = 1L << 40;
  private static final int FIRST_WITH_VIRTUAL_THREADS = 21;

  public QueueConfig {
    queues = List.copyOf(queues);
    queues.forEach(WorkerConfig::checkQueueName);
    if (new LinkedHashSet<>(queues).size() < queues.size()) {
      throw new IllegalArgumentException("queues must not name a queue twice");
    }
    Objects.requireNonNull(queueOrder, "queueOrder");
    checkType(Objects.requireNonNull(type, "type"));
    Ranges.check("threads", 1, MAX_THREADS, threads);
    Ranges.check("core-thread-pool-size", 1, MAX_THREADS, coreThreads);
    if (coreThreads > threads) {
      throw new IllegalArgumentException(
          "core-thread-pool-size must be at most threads (%d), not %d"
              .formatted(threads, coreThreads));
    }
    Ranges.check("buffer", 0, MAX_BUFFER, buffer);
    Ranges.check("read-ahead", 0, MAX_BUFFER, readAhead);
    Ranges.check("keep-alive-duration", Duration.ZERO, Duration.ofDays(1), keepAlive);
    if (autoscale != null && (autoscale.maxThreads() != threads || coreThreads != threads)) {
      throw new IllegalArgumentException(
          "autoscale takes the place of threads and core-thread-pool-size; leave those out");
    }
    checkMemoryLimit(memoryLimit);
    Objects.requireNonNull(tasks, "tasks");
  }

  static void checkType(BulkheadType type) {
    int version = Runtime.version().feature();
    if (type == BulkheadType.SEMAPHORE && version < FIRST_WITH_VIRTUAL_THREADS) {
      throw new IllegalArgumentException(
          "virtual threads need a JVM of version %d or newer, and this is version %d"
              .formatted(FIRST_WITH_VIRTUAL_THREADS, version));
    }
  }

  private static void checkMemoryLimit(long bytes) {
    if (bytes < MIN_MEMORY_LIMIT || bytes > MAX_MEMORY_LIMIT) {
      throw new IllegalArgumentException(
          "memory-limit must be between %s and %s, not %s"
              .formatted(
                  Sizes.format(MIN_MEMORY_LIMIT),
                  Sizes.format(MAX_MEMORY_LIMIT),
                  Sizes.format(bytes)));
    }
  }

  /**
   * A fixed number of threads and of messages fetched ahead, without read-ahead; for the rest the
   * defaults.
   */
  public QueueConfig(int threads, int buffer) {
    this(
        List.of(),
        QueueOrder.ROUND_ROBIN,
        BulkheadType.THREADPOOL,
        threads,
        threads,
        buffer,
        0,
        DEFAULT_KEEP_ALIVE,
        null,
        DEFAULT_MEMORY_LIMIT,
        null,
        null,
        null,
        TaskConfig.DEFAULT);
  }

  /** The queues a compartment of this name serves; at least one. */
  public List<String> queuesOf(String name) {
    return queues.isEmpty() ? List.of(name) : queues;
  }

  /** Who wants nothing fetched ahead wants nothing read ahead either. */
  private static int defaultReadAhead(int buffer) {
    return buffer == 0 ? 0 : DEFAULT_READ_AHEAD;
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration; nothing in it follows from something else any more. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.queues = queues;
    builder.queueOrder = queueOrder;
    builder.type = type;
    builder.threads = threads;
    builder.coreThreads = coreThreads == threads ? null : Integer.valueOf(coreThreads);
    builder.buffer = buffer;
    builder.readAhead = readAhead;
    builder.keepAlive = keepAlive;
    builder.autoscale = autoscale;
    builder.memoryLimit = memoryLimit;
    builder.rateLimit = rateLimit;
    builder.circuitBreaker = circuitBreaker;
    builder.taskCircuitBreaker = taskCircuitBreaker;
    builder.tasks = tasks;
    return builder;
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private List<String> queues = List.of();
    private QueueOrder queueOrder = QueueOrder.ROUND_ROBIN;
    private BulkheadType type = BulkheadType.THREADPOOL;
    private int threads = DEFAULT_THREADS;
    private @Nullable Integer coreThreads;
    private @Nullable Integer buffer;
    private @Nullable Integer readAhead;
    private Duration keepAlive = DEFAULT_KEEP_ALIVE;
    private @Nullable AutoscaleConfig autoscale;
    private long memoryLimit = DEFAULT_MEMORY_LIMIT;
    private @Nullable RateLimit rateLimit;
    private @Nullable BreakerConfig circuitBreaker;
    private @Nullable BreakerConfig taskCircuitBreaker;
    private TaskConfig tasks = TaskConfig.DEFAULT;

    private Builder() {}

    public Builder queues(List<String> value) {
      queues = value;
      return this;
    }

    public Builder queueOrder(QueueOrder value) {
      queueOrder = value;
      return this;
    }

    public Builder type(BulkheadType value) {
      type = value;
      return this;
    }

    /** A fixed number: ends autoscaling, and a smaller number of core threads too. */
    public Builder threads(int value) {
      threads = value;
      coreThreads = null;
      autoscale = null;
      return this;
    }

    /** To be said after {@link #threads}; ends autoscaling. */
    public Builder coreThreads(int value) {
      coreThreads = value;
      autoscale = null;
      return this;
    }

    public Builder buffer(int value) {
      buffer = value;
      return this;
    }

    public Builder readAhead(int value) {
      readAhead = value;
      return this;
    }

    public Builder keepAlive(Duration value) {
      keepAlive = value;
      return this;
    }

    /** Takes the place of what was said of threads before; null for a fixed number. */
    public Builder autoscale(@Nullable AutoscaleConfig value) {
      autoscale = value;
      if (value != null) {
        threads = value.maxThreads();
        coreThreads = null;
      }
      return this;
    }

    public Builder memoryLimit(long value) {
      memoryLimit = value;
      return this;
    }

    public Builder rateLimit(@Nullable RateLimit value) {
      rateLimit = value;
      return this;
    }

    public Builder circuitBreaker(@Nullable BreakerConfig value) {
      circuitBreaker = value;
      return this;
    }

    public Builder taskCircuitBreaker(@Nullable BreakerConfig value) {
      taskCircuitBreaker = value;
      return this;
    }

    int threads() {
      return threads;
    }

    @Nullable AutoscaleConfig autoscale() {
      return autoscale;
    }

    @Nullable BreakerConfig circuitBreaker() {
      return circuitBreaker;
    }

    @Nullable BreakerConfig taskCircuitBreaker() {
      return taskCircuitBreaker;
    }

    @Nullable RateLimit rateLimit() {
      return rateLimit;
    }

    public Builder tasks(TaskConfig value) {
      tasks = value;
      return this;
    }

    TaskConfig tasks() {
      return tasks;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value is out of its range, saying which
     */
    public QueueConfig build() {
      int ahead = buffer == null ? threads : buffer;
      return new QueueConfig(
          queues,
          queueOrder,
          type,
          threads,
          coreThreads == null ? threads : coreThreads,
          ahead,
          readAhead == null ? defaultReadAhead(ahead) : readAhead,
          keepAlive,
          autoscale,
          memoryLimit,
          rateLimit,
          circuitBreaker,
          taskCircuitBreaker,
          tasks);
    }
  }
}
