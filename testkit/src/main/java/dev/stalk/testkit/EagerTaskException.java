package dev.stalk.testkit;

/** A task that was run eagerly threw a checked exception, which is the cause. */
public final class EagerTaskException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EagerTaskException(String task, Throwable cause) {
    super("task %s failed: %s".formatted(task, cause), cause);
  }
}
