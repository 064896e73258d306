package dev.stalk.worker;

/**
 * Thrown by a task whose end is nobody's business (celery {@code exceptions.py:Ignore}): no state
 * is written, whatever was stored stays, and the message is acknowledged.
 */
public final class IgnoreTask extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public IgnoreTask() {
    super("the task asks to be ignored", null, false, false);
  }
}
