package dev.stalk.worker;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Tells the breaker of an execution's queue, and the one of its task, how the task ended.
 * Thread-safe.
 */
final class BreakerGuard implements Guard {
  private volatile QueueBreaker.@Nullable Permissions ofQueue;
  private final TaskBreakers taskBreakers;
  private volatile QueueBreaker.@Nullable Permissions ofTask;
  private final AtomicBoolean spent = new AtomicBoolean();

  /**
   * @param ofQueue the permission it was fetched with; null if the queue has no breaker
   */
  BreakerGuard(QueueBreaker.@Nullable Permissions ofQueue, TaskBreakers taskBreakers) {
    this.ofQueue = ofQueue;
    this.taskBreakers = taskBreakers;
  }

  @Override
  public @Nullable Duration admit(String task) {
    QueueBreaker breaker = taskBreakers.of(task);
    if (breaker == null) {
      return null;
    }
    QueueBreaker.Permissions permission = breaker.acquire(1);
    if (permission.count() == 0) {
      return breaker.waitDuration();
    }
    ofTask = permission;
    return null;
  }

  /**
   * Whether it may still begin: the queue's breaker may have opened while it waited. If it may, its
   * end counts for the state it begins in, not for the one it was fetched in.
   */
  boolean mayBegin() {
    QueueBreaker.Permissions fetchedWith = ofQueue;
    if (fetchedWith == null) {
      return true;
    }
    QueueBreaker.Permissions beginsWith = fetchedWith.begins();
    if (beginsWith == null) {
      return false;
    }
    ofQueue = beginsWith;
    return true;
  }

  @Override
  public void ended(long nanos, @Nullable Throwable error) {
    if (spent.compareAndSet(false, true)) {
      QueueBreaker.Permissions queue = ofQueue;
      if (queue != null) {
        queue.ended(nanos, error);
      }
      QueueBreaker.Permissions task = ofTask;
      if (task != null) {
        task.ended(nanos, error);
      }
    }
  }

  @Override
  public void left() {
    if (spent.compareAndSet(false, true)) {
      QueueBreaker.Permissions queue = ofQueue;
      if (queue != null) {
        queue.unused(1);
      }
      QueueBreaker.Permissions task = ofTask;
      if (task != null) {
        task.unused(1);
      }
    }
  }

  /** Whether a state keeps messages from beginning. */
  static boolean isOpen(State state) {
    return state == State.OPEN || state == State.FORCED_OPEN;
  }
}
