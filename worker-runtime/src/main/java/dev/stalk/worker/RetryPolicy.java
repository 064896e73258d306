package dev.stalk.worker;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * When and how often a task is tried again (celery {@code app/autoretry.py}, {@code
 * app/task.py:Task.retry}). Immutable.
 *
 * @param maxRetries how often it is retried after its first run, 0 or more; {@link #UNLIMITED} for
 *     ever; 3 by default, as in Celery
 * @param delay the pause before a retry that names none; 3 minutes by default, as in Celery
 * @param autoRetryFor what the task is retried for without asking for it; nothing by default. A
 *     {@link RejectTask}, an {@link IgnoreTask} and arguments that do not fit are never
 * @param dontAutoRetryFor what it is not retried for although {@code autoRetryFor} has it
 * @param backoff the first pause of automatic retries, doubled for each further one; counted in
 *     whole seconds, at least one; null for {@code delay} every time
 * @param backoffMax the longest of these pauses; 10 minutes by default
 * @param jitter whether a pause is a random number of whole seconds up to the computed one; true by
 *     default
 */
public record RetryPolicy(
    int maxRetries,
    Duration delay,
    List<Class<? extends Throwable>> autoRetryFor,
    List<Class<? extends Throwable>> dontAutoRetryFor,
    @Nullable Duration backoff,
    Duration backoffMax,
    boolean jitter) {

  /** As {@code maxRetries}: retry for ever. */
  public static final int UNLIMITED = -1;

  /** Celery's defaults: 3 retries, 3 minutes apart, and only when the task asks for it. */
  public static final RetryPolicy DEFAULT = builder().build();

  private static final long DOUBLINGS = 40; // further ones exceed every cap

  public RetryPolicy {
    if (maxRetries < UNLIMITED) {
      throw new IllegalArgumentException(
          "max retries must be 0 or more, or -1 for ever, not " + maxRetries);
    }
    checkNotNegative("the retry delay", delay);
    checkNotNegative("the longest backoff", backoffMax);
    if (backoff != null) {
      checkNotNegative("the backoff", backoff);
    }
    autoRetryFor = List.copyOf(autoRetryFor);
    dontAutoRetryFor = List.copyOf(dontAutoRetryFor);
  }

  private static void checkNotNegative(String what, Duration duration) {
    if (Objects.requireNonNull(duration, what).isNegative()) {
      throw new IllegalArgumentException(what + " must not be negative, but is " + duration);
    }
  }

  /** Whether a task that was retried this often may be retried once more. */
  boolean allows(int retries, int most) {
    return most == UNLIMITED || retries < most;
  }

  /** Whether the task is to be retried for this without asking for it. */
  boolean retries(Throwable error) {
    return autoRetryFor.stream().anyMatch(type -> type.isInstance(error))
        && dontAutoRetryFor.stream().noneMatch(type -> type.isInstance(error))
        && !(error instanceof RejectTask)
        && !(error instanceof IgnoreTask)
        && !(error instanceof TaskArgumentException);
  }

  /**
   * The pause before the next automatic retry (celery {@code
   * utils/time.py:get_exponential_backoff_interval}).
   *
   * @param retries how often the task has been retried already
   */
  Duration automaticDelay(int retries, RandomGenerator random) {
    if (backoff == null) {
      return delay;
    }
    long factor = Math.max(1, backoff.toSeconds());
    long cap = backoffMax.toSeconds();
    long doubled = retries >= DOUBLINGS ? cap : Math.min(cap, factor * (1L << retries));
    long seconds = jitter ? random.nextLong(doubled + 1) : doubled;
    return Duration.ofSeconds(seconds);
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private int maxRetries = 3;
    private Duration delay = Duration.ofMinutes(3);
    private List<Class<? extends Throwable>> autoRetryFor = List.of();
    private List<Class<? extends Throwable>> dontAutoRetryFor = List.of();
    private @Nullable Duration backoff;
    private Duration backoffMax = Duration.ofMinutes(10);
    private boolean jitter = true;

    private Builder() {}

    public Builder maxRetries(int value) {
      maxRetries = value;
      return this;
    }

    public Builder delay(Duration value) {
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

    public Builder backoffMax(Duration value) {
      backoffMax = value;
      return this;
    }

    public Builder jitter(boolean value) {
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
