package dev.stalk.worker;

import dev.stalk.worker.config.QueueConfig;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.bulkhead.BulkheadConfig;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A virtual thread for each execution, and Resilience4j's semaphore bulkhead to count them. What
 * finds no permission waits as a value, not as a blocked thread. Thread-safe.
 */
final class VirtualThreadCompartment implements Compartment {
  private static final Logger log = LoggerFactory.getLogger(VirtualThreadCompartment.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String name;
  private final ThreadFactory threads;
  private final Bulkhead bulkhead;
  private final ReentrantLock lock = new ReentrantLock(); // a monitor would pin virtual threads
  private final Condition idle = lock.newCondition();

  // guarded by lock
  private final Deque<Runnable> waiting = new ArrayDeque<>();
  private final Set<Thread> running = new HashSet<>();
  private final Set<Thread> givenUp = new HashSet<>();
  private int limit;
  private boolean closed;

  VirtualThreadCompartment(String name, int limit) {
    this.name = name;
    this.limit = limit;
    this.threads = virtualThreads("stalk-" + name + "-");
    this.bulkhead = Bulkhead.of(name, config(limit));
  }

  private static BulkheadConfig config(int limit) {
    return BulkheadConfig.custom().maxConcurrentCalls(limit).maxWaitDuration(Duration.ZERO).build();
  }

  /**
   * {@code Thread.ofVirtual().name(prefix, 0).factory()}, which the compiler for Java 17 does not
   * know.
   *
   * @throws IllegalStateException if this JVM has no virtual threads
   */
  private static ThreadFactory virtualThreads(String prefix) {
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      Class<?> type = Class.forName("java.lang.Thread$Builder");
      Method named = type.getMethod("name", String.class, long.class);
      Object factory = type.getMethod("factory").invoke(named.invoke(builder, prefix, 0L));
      return (ThreadFactory) factory;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JVM has no virtual threads", e);
    }
  }

  Bulkhead bulkhead() {
    return bulkhead;
  }

  @Override
  public void run(Runnable execution) {
    lock.lock();
    try {
      waiting.add(execution);
      startPermitted();
    } finally {
      lock.unlock();
    }
  }

  private void startPermitted() {
    while (!waiting.isEmpty()
        && !closed
        && running.size() < limit
        && bulkhead.tryAcquirePermission()) {
      Runnable execution = waiting.remove();
      Thread thread = threads.newThread(() -> runSafely(execution));
      running.add(thread);
      try {
        thread.start();
      } catch (OutOfMemoryError e) {
        running.remove(thread);
        bulkhead.onComplete();
        if (running.isEmpty()) {
          throw e; // nobody would come back for it
        }
        waiting.addFirst(execution);
        return;
      }
    }
  }

  private void runSafely(Runnable execution) {
    try {
      execution.run();
    } catch (RuntimeException | Error e) {
      log.error("{}: an execution threw what it should have handled", name, e);
    } finally {
      ended();
    }
  }

  private void ended() {
    lock.lock();
    try {
      if (!givenUp.remove(Thread.currentThread())) {
        running.remove(Thread.currentThread());
        bulkhead.onComplete();
      }
      takeOverLimit();
      startPermitted();
      if (running.isEmpty()) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void giveUp(Thread thread) {
    lock.lock();
    try {
      if (running.remove(thread)) {
        givenUp.add(thread);
        bulkhead.onComplete();
        startPermitted();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int stuck() {
    lock.lock();
    try {
      return givenUp.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void change(QueueConfig config) {
    scale(config.threads());
  }

  @Override
  public void scale(int changed) {
    lock.lock();
    try {
      limit = changed;
      takeOverLimit();
      startPermitted();
    } finally {
      lock.unlock();
    }
  }

  /** Resilience4j waits for permissions that are to go, so they are taken when they are free. */
  private void takeOverLimit() {
    if (bulkhead.getBulkheadConfig().getMaxConcurrentCalls() != limit && running.size() <= limit) {
      bulkhead.changeConfig(config(limit));
    }
  }

  @Override
  public int threads() {
    lock.lock();
    try {
      return limit;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      awaitIdle();
      if (!running.isEmpty()) {
        running.forEach(Thread::interrupt);
        log.warn(
            "{}: {} threads still run {} s after the end and are interrupted",
            name,
            running.size(),
            PATIENCE.toSeconds());
      }
    } finally {
      lock.unlock();
    }
  }

  /** An interrupt ends the patience, and is kept. To be called with the lock. */
  private void awaitIdle() {
    try {
      long left = PATIENCE.toNanos();
      while (!running.isEmpty() && left > 0) {
        left = idle.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
