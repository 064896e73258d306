package dev.stalk.worker;

import dev.stalk.worker.config.QueueConfig;
import io.github.resilience4j.bulkhead.BulkheadFullException;
import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadConfig;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A queue's compartment: a Resilience4j thread-pool bulkhead, and the places that may be taken in
 * it. A place is reserved before a message is fetched, so the bulkhead itself never has to refuse
 * one. {@link #reserve} is called by the queue's consumer only, everything else by any thread.
 *
 * <p>What is to run waits in a line that every thread takes from. A thread that was given up, as
 * its task does not end, is replaced by a bulkhead of one thread, which takes from the same line.
 */
final class QueueBulkhead {
  private final String queue;
  private final ThreadPoolBulkhead bulkhead;
  private final List<ThreadPoolBulkhead> substitutes = new CopyOnWriteArrayList<>();
  private final Queue<Runnable> line = new ConcurrentLinkedQueue<>();
  private final Semaphore running;
  private final Set<Thread> givenUp = ConcurrentHashMap.newKeySet();
  private final AtomicInteger free;
  private final int places;
  private final int capacity;

  QueueBulkhead(String queue, QueueConfig config) {
    this.queue = queue;
    places = config.threads() + config.buffer();
    free = new AtomicInteger(places);
    running = new Semaphore(config.threads());
    // a thread gives its place back a moment before it takes the next task itself
    capacity = places + config.threads();
    bulkhead = pool(queue, config.threads());
  }

  private ThreadPoolBulkhead pool(String name, int threads) {
    return ThreadPoolBulkhead.of(
        name,
        ThreadPoolBulkheadConfig.custom()
            .coreThreadPoolSize(threads)
            .maxThreadPoolSize(threads)
            .queueCapacity(capacity)
            .build());
  }

  /** Takes up to {@code most} free places; 0 if none is free. */
  int reserve(int most) {
    int taken = Math.min(free.get(), most);
    free.addAndGet(-taken);
    return taken;
  }

  /** Gives back places: reserved ones that were not used, or those of executions that have left. */
  void release(int count) {
    free.addAndGet(count);
  }

  /** Runs something in a reserved place. */
  void run(Runnable execution) {
    line.add(execution);
    takeFrom(bulkhead);
    substitutes.forEach(this::takeFrom);
  }

  /** Has a thread take from the line. A pool that is full of such requests needs no further one. */
  private void takeFrom(ThreadPoolBulkhead pool) {
    try {
      var unused = pool.submit(this::take);
    } catch (BulkheadFullException allItsThreadsAreStuck) {
      return; // one that comes back finds the line
    }
  }

  private void take() {
    while (!line.isEmpty() && running.tryAcquire()) {
      Runnable execution = line.poll();
      try {
        if (execution != null) {
          execution.run();
        }
      } finally {
        if (!givenUp.remove(Thread.currentThread())) {
          running.release();
        }
      }
    }
  }

  /**
   * Lets another thread take the place of one whose task does not end. Should it end after all,
   * there is a thread to spare, but never do more tasks run than the queue has threads.
   */
  void giveUp(Thread thread) {
    givenUp.add(thread);
    if (substitutes.size() < givenUp.size()) {
      substitutes.add(pool(queue + "-substitute-" + (substitutes.size() + 1), 1));
    }
    running.release();
    substitutes.forEach(this::takeFrom);
  }

  /** How many threads were given up and have not come back. */
  int stuck() {
    return givenUp.size();
  }

  /** Whether every place is free. */
  boolean isIdle() {
    return free.get() == places;
  }

  int threads() {
    return bulkhead.getMetrics().getThreadPoolSize();
  }

  /** Ends the threads; tasks still running are interrupted after a few seconds. */
  void close() throws Exception {
    bulkhead.close();
    for (ThreadPoolBulkhead substitute : substitutes) {
      substitute.close();
    }
  }
}
