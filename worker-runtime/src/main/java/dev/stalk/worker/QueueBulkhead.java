package dev.stalk.worker;

import dev.stalk.worker.config.QueueConfig;
import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadConfig;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A queue's compartment: a Resilience4j thread-pool bulkhead, and the places that may be taken in
 * it. A place is reserved before a message is fetched, so the bulkhead itself never has to refuse
 * one. {@link #reserve} is called by the queue's consumer only, everything else by any thread.
 */
final class QueueBulkhead {
  private final ThreadPoolBulkhead bulkhead;
  private final AtomicInteger free;
  private final int places;

  QueueBulkhead(String queue, QueueConfig config) {
    places = config.threads() + config.buffer();
    free = new AtomicInteger(places);
    bulkhead =
        ThreadPoolBulkhead.of(
            queue,
            ThreadPoolBulkheadConfig.custom()
                .coreThreadPoolSize(config.threads())
                .maxThreadPoolSize(config.threads())
                // a thread gives its place back a moment before it takes the next task itself
                .queueCapacity(places + config.threads())
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
    var unused = bulkhead.submit(execution);
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
  }
}
