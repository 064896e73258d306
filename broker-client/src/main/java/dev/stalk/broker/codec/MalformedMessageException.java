package dev.stalk.broker.codec;

import org.jspecify.annotations.Nullable;

/**
 * Bytes that are no message Stalk can run: not JSON, a field missing or of the wrong type, a
 * content type that is not accepted. The message says what and where; the bytes stay with whoever
 * held them.
 */
public final class MalformedMessageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String taskId;

  public MalformedMessageException(String message) {
    this(message, null, null);
  }

  public MalformedMessageException(String message, @Nullable Throwable cause) {
    this(message, null, cause);
  }

  MalformedMessageException(String message, @Nullable String taskId, @Nullable Throwable cause) {
    super(message, cause);
    this.taskId = taskId;
  }

  /**
   * The task's id, if the message let itself be read that far; somebody may wait for its result.
   */
  public @Nullable String taskId() {
    return taskId;
  }
}
