package dev.stalk.broker;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A task ended in FAILURE or REVOKED. Carries what its worker stored, in whichever language it ran.
 */
public final class TaskFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient TaskResult result;

  TaskFailedException(TaskResult result, RemoteException failure) {
    super(
        "task %s ended in %s: %s%s"
            .formatted(
                result.taskId(),
                result.state(),
                failure.qualifiedName(),
                failure.message().isEmpty() ? "" : ": " + failure.message()));
    this.result = result;
  }

  private RemoteException failure() {
    RemoteException failure = result.failure();
    return failure == null ? new RemoteException("", null, List.of()) : failure;
  }

  /** The task's id. */
  public String taskId() {
    return result.taskId();
  }

  /** Everything that is stored about the task. */
  public TaskResult result() {
    return result;
  }

  /** The exception's class within its module, for example {@code ValueError}. */
  public String type() {
    return failure().type();
  }

  /** The module or package of that class, for example {@code builtins}; null if not stored. */
  public @Nullable String module() {
    return failure().module();
  }

  /** The exception's arguments; of most exceptions its message alone. */
  public List<@Nullable Object> arguments() {
    return failure().arguments();
  }

  /** The traceback as the worker wrote it; null if there was none. */
  public @Nullable String traceback() {
    return result.traceback();
  }
}
