package dev.stalk.worker.config;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bulkhead of one queue. Immutable; an invalid one cannot be made.
 *
 * @param threads how many of the queue's tasks run at once, 1 to 10,000; 8 by default (Celery's
 *     {@code worker_concurrency}, but for this queue alone)
 * @param buffer how many messages are fetched ahead of free threads, 0 to 100,000; as many as there
 *     are threads by default (Celery's prefetch)
 * @param tasks how its tasks are run; {@link TaskConfig#DEFAULT} by default
 */
public record QueueConfig(int threads, int buffer, TaskConfig tasks) {

  public static final int DEFAULT_THREADS = 8;

  private static final int MAX_THREADS = 10_000;
  private static final int MAX_BUFFER = 100_000;

  public QueueConfig {
    checkRange("threads", 1, MAX_THREADS, threads);
    checkRange("buffer", 0, MAX_BUFFER, buffer);
    Objects.requireNonNull(tasks, "tasks");
  }

  /** A bulkhead of this size whose tasks are run as usual. */
  public QueueConfig(int threads, int buffer) {
    this(threads, buffer, TaskConfig.DEFAULT);
  }

  private static void checkRange(String name, int least, int most, int found) {
    if (found < least || found > most) {
      throw new IllegalArgumentException(
          "%s must be between %d and %d, not %d".formatted(name, least, most, found));
    }
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private int threads = DEFAULT_THREADS;
    private @Nullable Integer buffer;
    private TaskConfig tasks = TaskConfig.DEFAULT;

    private Builder() {}

    public Builder threads(int value) {
      threads = value;
      return this;
    }

    public Builder buffer(int value) {
      buffer = value;
      return this;
    }

    public Builder tasks(TaskConfig value) {
      tasks = value;
      return this;
    }

    TaskConfig tasks() {
      return tasks;
    }

    Builder copy() {
      Builder copy = new Builder();
      copy.threads = threads;
      copy.buffer = buffer;
      copy.tasks = tasks;
      return copy;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value is out of its range, saying which
     */
    public QueueConfig build() {
      return new QueueConfig(threads, buffer == null ? threads : buffer, tasks);
    }
  }
}
