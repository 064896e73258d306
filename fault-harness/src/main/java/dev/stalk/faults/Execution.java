package dev.stalk.faults;

/**
 * One time that a task was begun.
 *
 * @param id the task
 * @param worker the process that ran it
 * @param began in milliseconds since 1970
 * @param ended the same, or {@link #NEVER}
 */
record Execution(String id, String worker, long began, long ended) {
  /** The end of an execution that has none. */
  static final long NEVER = Long.MAX_VALUE;

  /** Whether the task's own work was done. */
  boolean isDone() {
    return ended != NEVER;
  }

  /** Whether a Java worker ran it. */
  boolean isJava() {
    return isJava(worker);
  }

  /** Whether this is the name of a Java worker. */
  static boolean isJava(String worker) {
    return worker.startsWith(WorkerKind.JAVA);
  }
}
