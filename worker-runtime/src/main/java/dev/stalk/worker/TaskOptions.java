package dev.stalk.worker;

import dev.stalk.worker.config.AckMode;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How one task is run, named as in Celery's {@code @app.task(...)}. Null leaves it to the queue's
 * configuration; a limit in the message wins over both. Immutable.
 *
 * @param ignoreResult whether results are stored only for callers who ask for them
 * @param storeErrorsEvenIfIgnored whether failures are stored all the same
 * @param ack when its messages are acknowledged
 * @param trackStarted whether STARTED is stored when it begins; the queue's setting may say so too
 * @param softTimeLimit after this long it is interrupted, a millisecond or more
 * @param timeLimit after this long it is given up, no shorter than {@code softTimeLimit}
 * @param retry when and how often it is tried again, as far as its queue is not to say so
 * @param rateLimit how often it may begin on one worker
 */
public record TaskOptions(
    boolean ignoreResult,
    boolean storeErrorsEvenIfIgnored,
    @Nullable AckMode ack,
    boolean trackStarted,
    @Nullable Duration softTimeLimit,
    @Nullable Duration timeLimit,
    RetryPolicy retry,
    @Nullable TaskRate rateLimit) {

  /** Nothing out of the ordinary. */
  public static final TaskOptions DEFAULT = builder().build();

  public TaskOptions {
    Objects.requireNonNull(retry, "retry");
    checkLimit("soft time limit", softTimeLimit);
    checkLimit("time limit", timeLimit);
    if (softTimeLimit != null && timeLimit != null && softTimeLimit.compareTo(timeLimit) > 0) {
      throw new IllegalArgumentException(
          "the soft time limit %s is longer than the hard one %s"
              .formatted(softTimeLimit, timeLimit));
    }
  }

  private static void checkLimit(String name, @Nullable Duration limit) {
    if (limit != null && limit.compareTo(Duration.ofMillis(1)) < 0) {
      throw new IllegalArgumentException(
          "the %s must be at least a millisecond, not %s".formatted(name, limit));
    }
  }

  /** Starts from {@link #DEFAULT}. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private boolean ignoreResult;
    private boolean storeErrorsEvenIfIgnored;
    private @Nullable AckMode ack;
    private boolean trackStarted;
    private @Nullable Duration softTimeLimit;
    private @Nullable Duration timeLimit;
    private RetryPolicy retry = RetryPolicy.DEFAULT;
    private @Nullable TaskRate rateLimit;

    private Builder() {}

    public Builder ignoreResult(boolean value) {
      ignoreResult = value;
      return this;
    }

    public Builder storeErrorsEvenIfIgnored(boolean value) {
      storeErrorsEvenIfIgnored = value;
      return this;
    }

    public Builder ack(@Nullable AckMode value) {
      ack = value;
      return this;
    }

    public Builder trackStarted(boolean value) {
      trackStarted = value;
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

    public Builder retry(RetryPolicy value) {
      retry = value;
      return this;
    }

    public Builder rateLimit(@Nullable TaskRate value) {
      rateLimit = value;
      return this;
    }

    /**
     * Makes the options.
     *
     * @throws IllegalArgumentException if a limit is out of its range, or the soft one is longer
     */
    public TaskOptions build() {
      return new TaskOptions(
          ignoreResult,
          storeErrorsEvenIfIgnored,
          ack,
          trackStarted,
          softTimeLimit,
          timeLimit,
          retry,
          rateLimit);
    }
  }
}
