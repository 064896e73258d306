package dev.stalk.worker;

import org.jspecify.annotations.Nullable;

/**
 * A task has run longer than its soft time limit (celery {@code
 * exceptions.py:SoftTimeLimitExceeded}). Its thread was interrupted: code that blocks sees an
 * {@link InterruptedException}, which counts as this one if it leaves the task; code that computes
 * asks {@link TaskContext#checkTimeLimit}. A task that catches it may clean up, and even succeed.
 */
public final class SoftTimeLimitExceeded extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SoftTimeLimitExceeded(@Nullable Throwable cause) {
    super("the soft time limit was exceeded", cause);
  }
}
