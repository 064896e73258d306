package dev.stalk.broker.message;

import java.util.Objects;

/**
 * The state of a task as a result meta names it. Celery's own states are constants; any other name
 * is a custom state written by {@code update_state} and means "not finished" (celery {@code
 * states.py}).
 *
 * @param name the text stored under {@code status}, never empty
 */
public record TaskState(String name) {
  /** Nothing is stored under this id: unknown, not started, or its result has expired. */
  public static final TaskState PENDING = new TaskState("PENDING");

  /** A worker has begun; only stored when the worker tracks starts. */
  public static final TaskState STARTED = new TaskState("STARTED");

  /** The task failed and was sent again. */
  public static final TaskState RETRY = new TaskState("RETRY");

  /** The task returned; the only state that is never overwritten. */
  public static final TaskState SUCCESS = new TaskState("SUCCESS");

  /** The task raised. */
  public static final TaskState FAILURE = new TaskState("FAILURE");

  /** The task was revoked or had expired before it ran. */
  public static final TaskState REVOKED = new TaskState("REVOKED");

  public TaskState {
    if (Objects.requireNonNull(name, "name").isEmpty()) {
      throw new IllegalArgumentException("a task state needs a name");
    }
  }

  /** True once nothing more is expected: SUCCESS, FAILURE or REVOKED. */
  public boolean isReady() {
    return equals(SUCCESS) || isFailed();
  }

  /** True for the two final states whose value is an exception: FAILURE and REVOKED. */
  public boolean isFailed() {
    return equals(FAILURE) || equals(REVOKED);
  }

  /** True if the stored value describes an exception: FAILURE, REVOKED and RETRY. */
  public boolean holdsException() {
    return isFailed() || equals(RETRY);
  }

  @Override
  public String toString() {
    return name;
  }
}
