package dev.stalk.worker;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Is told what happens to tasks (celery's signals). Every method does nothing unless overridden.
 * The order for one message is fixed:
 *
 * <table>
 * <caption>Order</caption>
 * <tr><th>#</th><th>method</th><th>when</th><th>celery</th></tr>
 * <tr><td>1</td><td>{@link #received}</td><td>the message is read, due, and neither expired nor revoked</td><td>task_received</td></tr>
 * <tr><td>2</td><td>{@link #started}</td><td>just before the interceptors and the task</td><td>task_prerun</td></tr>
 * <tr><td>3</td><td>one of {@link #succeeded}, {@link #failed}, {@link #retried}, {@link #ignored}, {@link #rejected}, {@link #revoked}</td><td>its outcome is decided; it is written right after</td><td>task_success, task_failure, task_retry, –, task_rejected, task_revoked</td></tr>
 * <tr><td>4</td><td>{@link #ended}</td><td>last, if it was started</td><td>task_postrun</td></tr>
 * </table>
 *
 * <p>An expired or revoked message is only told by {@link #revoked}. A message that was taken back,
 * because the worker stops, is told no outcome. Listeners are called in the order they were added,
 * on the task's thread, or on a thread of the worker for a task that was stopped by force; what
 * they throw is logged and changes nothing. Called by several threads at once.
 */
public interface TaskListener {
  /** A task is about to be run. */
  default void received(TaskContext context) {}

  /** A task begins. */
  default void started(TaskContext context) {}

  /** A task returned this value, after this long. */
  default void succeeded(TaskContext context, @Nullable Object value, Duration runtime) {}

  /** A task failed for good; of one that ran out of time or retries, with the error stored. */
  default void failed(TaskContext context, Throwable error) {}

  /**
   * A task will run again.
   *
   * @param cause what made it necessary, if it was said
   * @param eta when; null for at once
   */
  default void retried(TaskContext context, @Nullable Throwable cause, @Nullable Instant eta) {}

  /** A task asked to be ignored. */
  default void ignored(TaskContext context) {}

  /** A task rejected its message, which went back to its queue or was quarantined. */
  default void rejected(TaskContext context, boolean requeue) {}

  /**
   * A task was not run, or was stopped by force.
   *
   * @param reason {@code expired}, {@code revoked} or {@code terminated}
   */
  default void revoked(TaskContext context, String reason) {}

  /** A task that was started has ended, in whichever way. */
  default void ended(TaskContext context) {}
}
