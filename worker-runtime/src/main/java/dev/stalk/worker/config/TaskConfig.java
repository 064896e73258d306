package dev.stalk.worker.config;

import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the tasks of one queue are run, where neither the message nor the task itself says otherwise.
 * Immutable; an invalid one cannot be made.
 *
 * @param ack when messages are acknowledged; late by default
 * @param softTimeLimit after this long a task is interrupted and told to end (celery's {@code
 *     task_soft_time_limit}); null for never
 * @param timeLimit after this long a task is given up and stored as failed (celery's {@code
 *     task_time_limit}); null for never
 * @param trackStarted whether STARTED is stored when a task begins (celery's {@code
 *     task_track_started})
 * @param storeErrorsEvenIfIgnored whether failures are stored although the result is ignored
 *     (celery's {@code task_store_errors_even_if_ignored})
 * @param resultExtended whether results name the task, its arguments, its worker and its queue
 *     (celery's {@code result_extended})
 * @param deduplicateSuccessfulTasks whether a redelivered message is acknowledged without running
 *     if its result is SUCCESS already (celery's {@code worker_deduplicate_successful_tasks})
 * @param retry when and how often tasks are tried again; {@link RetryConfig#DEFAULT} by default
 */
public record TaskConfig(
    AckMode ack,
    @Nullable Duration softTimeLimit,
    @Nullable Duration timeLimit,
    boolean trackStarted,
    boolean storeErrorsEvenIfIgnored,
    boolean resultExtended,
    boolean deduplicateSuccessfulTasks,
    RetryConfig retry) {

  private static final Duration LONGEST = Duration.ofDays(365);

  /** Late acknowledgement, no limits, nothing stored but results. */
  public static final TaskConfig DEFAULT = builder().build();

  public TaskConfig {
    Objects.requireNonNull(ack, "ack");
    Objects.requireNonNull(retry, "retry");
    checkLimit("soft-time-limit", softTimeLimit);
    checkLimit("time-limit", timeLimit);
    if (softTimeLimit != null && timeLimit != null && softTimeLimit.compareTo(timeLimit) > 0) {
      throw new IllegalArgumentException(
          "soft-time-limit %s must not be longer than time-limit %s"
              .formatted(Durations.format(softTimeLimit), Durations.format(timeLimit)));
    }
  }

  private static void checkLimit(String name, @Nullable Duration limit) {
    if (limit != null
        && (limit.compareTo(Duration.ofMillis(1)) < 0 || limit.compareTo(LONGEST) > 0)) {
      throw new IllegalArgumentException(
          "%s must be between 1ms and 365d, not %s".formatted(name, Durations.format(limit)));
    }
  }

  /** Starts from {@link #DEFAULT}. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    return new Builder()
        .ack(ack)
        .softTimeLimit(softTimeLimit)
        .timeLimit(timeLimit)
        .trackStarted(trackStarted)
        .storeErrorsEvenIfIgnored(storeErrorsEvenIfIgnored)
        .resultExtended(resultExtended)
        .deduplicateSuccessfulTasks(deduplicateSuccessfulTasks)
        .retry(retry);
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private AckMode ack = AckMode.LATE;
    private @Nullable Duration softTimeLimit;
    private @Nullable Duration timeLimit;
    private boolean trackStarted;
    private boolean storeErrorsEvenIfIgnored;
    private boolean resultExtended;
    private boolean deduplicateSuccessfulTasks;
    private RetryConfig retry = RetryConfig.DEFAULT;

    private Builder() {}

    public Builder ack(AckMode value) {
      ack = value;
      return this;
    }

    public Builder softTimeLimit(@Nullable Duration value) {
      softTimeLimit = value;
      return this;
    }

    public Builder timeLimit(@Nullable Duration value) {
      timeLimit = value;
      return this;
    }

    public Builder trackStarted(boolean value) {
      trackStarted = value;
      return this;
    }

    public Builder storeErrorsEvenIfIgnored(boolean value) {
      storeErrorsEvenIfIgnored = value;
      return this;
    }

    public Builder resultExtended(boolean value) {
      resultExtended = value;
      return this;
    }

    public Builder deduplicateSuccessfulTasks(boolean value) {
      deduplicateSuccessfulTasks = value;
      return this;
    }

    public Builder retry(RetryConfig value) {
      retry = value;
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a limit is out of its range, or the soft one is longer
     */
    public TaskConfig build() {
      return new TaskConfig(
          ack,
          softTimeLimit,
          timeLimit,
          trackStarted,
          storeErrorsEvenIfIgnored,
          resultExtended,
          deduplicateSuccessfulTasks,
          retry);
    }
  }
}
