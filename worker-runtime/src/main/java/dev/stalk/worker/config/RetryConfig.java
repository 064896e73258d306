package dev.stalk.worker.config;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When and how often the tasks of one queue are tried again, where the task itself does not say so
 * (celery {@code app/autoretry.py}, {@code app/task.py:Task.retry}). Immutable; an invalid one
 * cannot be made.
 *
 * @param maxRetries how often a task is retried after its first run, 0 to 999,999,999; {@link
 *     #FOREVER} for any number; 3 by default, as in Celery
 * @param delay the pause before a retry that names none, up to 365 days; 3 minutes by default, as
 *     in Celery ({@code default_retry_delay})
 * @param backoff the first pause of automatic retries, doubled for each further one; counted in
 *     whole seconds, at least one, up to 365 days ({@code retry_backoff}); null or zero for {@code
 *     delay} every time, the default
 * @param backoffMax the longest of these pauses, up to 365 days; 10 minutes by default ({@code
 *     retry_backoff_max})
 * @param jitter whether such a pause is a random number of whole seconds up to the computed one;
 *     true by default ({@code retry_jitter})
 * @param autoRetryFor the full names of the exceptions, their subclasses included, that tasks are
 *     retried for without asking for it ({@code autoretry_for}); none by default
 * @param dontAutoRetryFor those that they are not retried for although {@code autoRetryFor} has
 *     them ({@code dont_autoretry_for})
 */
public record RetryConfig(
    int maxRetries,
    Duration delay,
    @Nullable Duration backoff,
    Duration backoffMax,
    boolean jitter,
    List<String> autoRetryFor,
    List<String> dontAutoRetryFor) {

  private static final int MAX_RETRIES = 999_999_999;
  private static final Duration LONGEST = Duration.ofDays(365);

  /** As {@code maxRetries}: retry for ever. */
  public static final int FOREVER = -1;

  /** Celery's defaults: 3 retries, 3 minutes apart, and only when the task asks for it. */
  public static final RetryConfig DEFAULT = builder().build();

  public RetryConfig {
    if (maxRetries != FOREVER) {
      Ranges.check("max-retries", 0, MAX_RETRIES, maxRetries);
    }
    Ranges.check("delay", Duration.ZERO, LONGEST, delay);
    if (backoff != null) {
      Ranges.check("backoff", Duration.ZERO, LONGEST, backoff);
    }
    Ranges.check("backoff-max", Duration.ZERO, LONGEST, backoffMax);
    autoRetryFor = List.copyOf(autoRetryFor);
    dontAutoRetryFor = List.copyOf(dontAutoRetryFor);
    autoRetryFor.forEach(BreakerConfig::checkExceptionName);
    dontAutoRetryFor.forEach(BreakerConfig::checkExceptionName);
  }

  /** Starts from {@link #DEFAULT}. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    return new Builder()
        .maxRetries(maxRetries)
        .delay(delay)
        .backoff(backoff)
        .backoffMax(backoffMax)
        .jitter(jitter)
        .autoRetryFor(autoRetryFor)
        .dontAutoRetryFor(dontAutoRetryFor);
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private int maxRetries = 3;
    private Duration delay = Duration.ofMinutes(3);
    private @Nullable Duration backoff;
    private Duration backoffMax = Duration.ofMinutes(10);
    private boolean jitter = true;
    private List<String> autoRetryFor = List.of();
    private List<String> dontAutoRetryFor = List.of();

    private Builder() {}

    public Builder maxRetries(int value) {
      maxRetries = value;
      return this;
    }

    public Builder delay(Duration value) {
      delay = value;
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

    public Builder autoRetryFor(List<String> value) {
      autoRetryFor = value;
      return this;
    }

    public Builder dontAutoRetryFor(List<String> value) {
      dontAutoRetryFor = value;
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value is out of its range, saying which
     */
    public RetryConfig build() {
      return new RetryConfig(
          maxRetries, delay, backoff, backoffMax, jitter, autoRetryFor, dontAutoRetryFor);
    }
  }
}
