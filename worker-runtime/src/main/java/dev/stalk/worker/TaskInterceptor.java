package dev.stalk.worker;

import org.jspecify.annotations.Nullable;

/**
 * Stands around every task of a worker: for transactions, tracing, checks. Interceptors are called
 * in the order they were added, the first outermost, on the task's thread. What one throws is the
 * task's failure, {@link RetryTask}, {@link IgnoreTask} and {@link RejectTask} included. Of an
 * asynchronous task it sees the {@link java.util.concurrent.CompletionStage} that the task
 * returned. Called by several threads at once.
 */
@FunctionalInterface
public interface TaskInterceptor {
  /**
   * Does what it has to, and calls the task.
   *
   * @param context who called, and how
   * @param arguments what with; others may be handed on
   * @param next the task, or the next interceptor; to be called once, or not at all
   * @return the result, usually that of {@code next}
   * @throws Exception whatever is thrown is the task's failure
   */
  @Nullable Object intercept(TaskContext context, TaskArguments arguments, TaskHandler next)
      throws Exception;
}
