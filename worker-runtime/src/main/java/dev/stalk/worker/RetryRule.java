package dev.stalk.worker;

import dev.stalk.worker.config.RetryConfig;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What holds for the retries of one call: what the task says, and else what its queue does.
 * Immutable.
 */
record RetryRule(RetryPolicy ofTask, RetryConfig ofQueue) {
  private static final long DOUBLINGS = 40; // further ones exceed every cap

  private static <T> T or(@Nullable T said, T otherwise) {
    return said == null ? otherwise : said;
  }

  /** How often it may be retried; {@link RetryPolicy#UNLIMITED} for ever. */
  int maxRetries() {
    return or(ofTask.maxRetries(), ofQueue.maxRetries());
  }

  /** The pause before a retry that names none. */
  Duration delay() {
    return or(ofTask.delay(), ofQueue.delay());
  }

  /** Whether a task that was retried this often may be retried once more. */
  static boolean allows(int retries, int most) {
    return most == RetryPolicy.UNLIMITED || retries < most;
  }

  /** Whether the task is to be retried for this without asking for it. */
  boolean retries(Throwable error) {
    return isAutoRetried(error)
        && !isExcepted(error)
        && !(error instanceof RejectTask)
        && !(error instanceof IgnoreTask)
        && !(error instanceof TaskArgumentException);
  }

  private boolean isAutoRetried(Throwable error) {
    return ofTask.autoRetryFor().isEmpty()
        ? new ExceptionNames(ofQueue.autoRetryFor()).include(error)
        : ofTask.autoRetryFor().stream().anyMatch(type -> type.isInstance(error));
  }

  private boolean isExcepted(Throwable error) {
    return ofTask.dontAutoRetryFor().isEmpty()
        ? new ExceptionNames(ofQueue.dontAutoRetryFor()).include(error)
        : ofTask.dontAutoRetryFor().stream().anyMatch(type -> type.isInstance(error));
  }

  /**
   * The pause before the next automatic retry (celery {@code
   * utils/time.py:get_exponential_backoff_interval}).
   *
   * @param retries how often the task has been retried already
   */
  Duration automaticDelay(int retries, RandomGenerator random) {
    Duration backoff = ofTask.backoff() == null ? ofQueue.backoff() : ofTask.backoff();
    if (backoff == null || backoff.isZero()) {
      return delay();
    }
    long factor = Math.max(1, backoff.toSeconds());
    long cap = or(ofTask.backoffMax(), ofQueue.backoffMax()).toSeconds();
    long doubled = retries >= DOUBLINGS ? cap : Math.min(cap, factor * (1L << retries));
    boolean jitter = or(ofTask.jitter(), ofQueue.jitter());
    return Duration.ofSeconds(jitter ? random.nextLong(doubled + 1) : doubled);
  }
}
