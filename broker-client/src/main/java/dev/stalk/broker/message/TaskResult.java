package dev.stalk.broker.message;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is stored about a task (celery {@code backends/base.py:Backend._get_result_meta}).
 *
 * @param taskId the task
 * @param state its state; {@link TaskState#PENDING} if nothing is stored
 * @param value the return value, the progress a custom state carries, or null; of an exception
 *     state the parts of the exception
 * @param failure the exception, for the states that hold one
 * @param traceback the traceback text, if any
 * @param dateDone when it finished, as stored; null if it has not
 * @param parentId the task that sent it, if stored
 * @param children what the task sent while it ran, as Celery's result tuples; null if unknown
 */
public record TaskResult(
    String taskId,
    TaskState state,
    @Nullable Object value,
    @Nullable RemoteException failure,
    @Nullable String traceback,
    @Nullable String dateDone,
    @Nullable String parentId,
    @Nullable List<@Nullable Object> children) {

  public TaskResult {
    Objects.requireNonNull(taskId, "taskId");
    Objects.requireNonNull(state, "state");
  }

  /** The answer to an id under which nothing is stored. */
  public static TaskResult pending(String taskId) {
    return new TaskResult(taskId, TaskState.PENDING, null, null, null, null, null, null);
  }
}
