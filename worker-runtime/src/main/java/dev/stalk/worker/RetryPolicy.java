package dev.stalk.worker;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When and how often a task is tried again (celery {@code app/autoretry.py}, {@code
 * app/task.py:Task.retry}). What it does not say, its queue's configuration does: {@link
 * dev.stalk.worker.config.RetryConfig}. Immutable.
 *
 * @param maxRetries how often it is retried after its first run, 0 or more; {@link #UNLIMITED} for
 *     ever; null for as often as its queue says
 * @param delay the pause before a retry that names none; null for the queue's
 * @param autoRetryFor what the task is retried for without asking for it; if empty, what the queue
 *     names. A {@link RejectTask}, an {@link IgnoreTask} and arguments that do not fit are never
 * @param dontAutoRetryFor what it is not retried for all the same; if empty, what the queue names
 * @param backoff the first pause of automatic retries, doubled for each further one; counted in
 *     whole seconds, at least one; zero for {@code delay} every time; null for the queue's
 * @param backoffMax the longest of these pauses; null for the queue's
 * @param jitter whether a pause is a random number of whole seconds up to the computed one; null
 *     for as the queue says
 */
public record RetryPolicy(
    @Nullable Integer maxRetries,
    @Nullable Duration delay,
    List<Class<? extends Throwable>> autoRetryFor,
    List<Class<? extends Throwable>> dontAutoRetryFor,
    @Nullable Duration backoff,
    @Nullable Duration backoffMax,
    @Nullable Boolean jitter) {

  /** As {@code maxRetries}: retry for ever. */
  public static final int UNLIMITED = -1;

  /** Leaves all to the queue, whose defaults are Celery's: 3 retries, 3 minutes apart. */
  public static final RetryPolicy DEFAULT = builder().build();

  public RetryPolicy {
    if (maxRetries != null && maxRetries < UNLIMITED) {
      throw new IllegalArgumentException(
          "max retries must be 0 or more, or -1 for ever, not " + maxRetries);
    }
    checkNotNegative("the retry delay", delay);
    checkNotNegative("the longest backoff", backoffMax);
    checkNotNegative("the backoff", backoff);
    autoRetryFor = List.copyOf(autoRetryFor);
    dontAutoRetryFor = List.copyOf(dontAutoRetryFor);
  }

  private static void checkNotNegative(String what, @Nullable Duration duration) {
    if (duration != null && duration.isNegative()) {
      throw new IllegalArgumentException(what + " must not be negative, but is " + duration);
    }
  }

  /** Starts from {@link #DEFAULT}. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private @Nullable Integer maxRetries;
    private @Nullable Duration delay;
    private List<Class<? extends Throwable>> autoRetryFor = List.of();
    private List<Class<? extends Throwable>> dontAutoRetryFor = List.of();
    private @Nullable Duration backoff;
    private @Nullable Duration backoffMax;
    private @Nullable Boolean jitter;

    private Builder() {}

    public Builder maxRetries(@Nullable Integer value) {
      maxRetries = value;
      return this;
    }

    public Builder delay(@Nullable Duration value) {
      delay = value;
      return this;
    }

    /** Replaces what was named before. */
    public Builder autoRetryFor(List<Class<? extends Throwable>> types) {
      autoRetryFor = types;
      return this;
    }

    /** Replaces what was named before. */
    public Builder dontAutoRetryFor(List<Class<? extends Throwable>> types) {
      dontAutoRetryFor = types;
      return this;
    }

    public Builder backoff(@Nullable Duration value) {
      backoff = value;
      return this;
    }

    public Builder backoffMax(@Nullable Duration value) {
      backoffMax = value;
      return this;
    }

    public Builder jitter(@Nullable Boolean value) {
      jitter = value;
      return this;
    }

    /**
     * Makes the policy.
     *
     * @throws IllegalArgumentException if a value is out of its range, saying which
     */
    public RetryPolicy build() {
      return new RetryPolicy(
          maxRetries, delay, autoRetryFor, dontAutoRetryFor, backoff, backoffMax, jitter);
    }
  }
}
