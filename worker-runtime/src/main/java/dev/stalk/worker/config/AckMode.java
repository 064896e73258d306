package dev.stalk.worker.config;

/**
 * When a message is acknowledged (celery's {@code acks_late}). A message that is redelivered may
 * have run before; one that was acknowledged is never delivered again.
 */
public enum AckMode {
  /**
   * When its task has ended, together with the result: a worker that dies loses nothing, and a task
   * may run twice. The default.
   */
  LATE,

  /**
   * Before its task begins, which waits for the broker's confirmation: a task runs at most once,
   * and is lost with its worker. Celery's own default.
   */
  EARLY
}
