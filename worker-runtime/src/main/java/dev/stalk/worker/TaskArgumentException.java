package dev.stalk.worker;

/**
 * The arguments of a call do not fit the task. Stored as Python's {@code TypeError}, which is what
 * a Python worker would answer.
 */
public final class TaskArgumentException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TaskArgumentException(String message) {
    super(message);
  }
}
