package dev.stalk.worker;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Watches over one execution: may its task begin, and how did it end. Only the first of {@link
 * #ended} and {@link #left} counts, whichever thread calls it.
 */
interface Guard {
  /** Lets everything through. */
  Guard NONE =
      new Guard() {
        @Override
        public @Nullable Duration admit(String task) {
          return null;
        }

        @Override
        public void ended(long nanos, @Nullable Throwable error) {}

        @Override
        public void left() {}
      };

  /**
   * Asks whether a task may begin.
   *
   * @return null if it may, else how long its message is to be parked
   */
  @Nullable Duration admit(String task);

  /**
   * The task's own code has ended.
   *
   * @param nanos how long it ran
   * @param error what it threw; null if it returned
   */
  void ended(long nanos, @Nullable Throwable error);

  /** The execution is over, whether its task has begun or not. Called once, last. */
  void left();
}
