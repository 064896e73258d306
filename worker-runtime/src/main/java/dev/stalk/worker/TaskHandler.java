package dev.stalk.worker;

import org.jspecify.annotations.Nullable;

/** A task as a function. Called by several threads at once. */
@FunctionalInterface
public interface TaskHandler {
  /**
   * Does the work.
   *
   * @param context who called, and how
   * @param arguments what with
   * @return the result; anything Jackson can write, or null
   * @throws Exception whatever it throws is stored as the task's failure
   */
  @Nullable Object run(TaskContext context, TaskArguments arguments) throws Exception;
}
