package dev.stalk.worker;

import dev.stalk.worker.config.QueueConfig;
import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadConfig;
import io.github.resilience4j.bulkhead.event.BulkheadEvent;
import io.github.resilience4j.bulkhead.event.BulkheadOnCallFinishedEvent;
import io.github.resilience4j.bulkhead.event.BulkheadOnCallPermittedEvent;
import io.github.resilience4j.bulkhead.event.BulkheadOnCallRejectedEvent;
import io.github.resilience4j.core.EventConsumer;
import io.github.resilience4j.core.EventProcessor;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resilience4j's thread-pool bulkhead, with its settings, meters and events, whose sizes can be
 * changed while it works: Resilience4j's own is fixed for its life, and a reload or autoscaling
 * must not drop what runs. Thread-safe.
 *
 * <p>As there, threads beyond the core ones are started while the queue is full. Unlike there
 * nothing is rejected: whoever runs something has reserved a place for it, and what comes in the
 * moment in which a thread leaves one task and has not yet taken the next waits that moment.
 */
final class ResizableThreadPoolBulkhead implements ThreadPoolBulkhead, Compartment {
  private static final Logger log = LoggerFactory.getLogger(ResizableThreadPoolBulkhead.class);
  private static final long PATIENCE_SECONDS = 5;

  private final String name;
  private final WaitingExecutions waiting;
  private final ThreadPoolExecutor executor;
  private final Events events = new Events();
  private final Set<Thread> givenUp = ConcurrentHashMap.newKeySet();
  private volatile ThreadPoolBulkheadConfig config;

  // without those that were given up; written under this
  private int coreThreads;
  private volatile int threads;

  ResizableThreadPoolBulkhead(String name, QueueConfig config) {
    this(name, config, Thread::new);
  }

  /**
   * @param threads makes a thread that runs this and has this name
   */
  ResizableThreadPoolBulkhead(
      String name, QueueConfig config, BiFunction<Runnable, String, Thread> threads) {
    this.name = name;
    this.config = resilience(config);
    this.coreThreads = config.coreThreads();
    this.threads = config.threads();
    this.waiting = new WaitingExecutions(capacity(config));
    AtomicInteger number = new AtomicInteger();
    executor =
        new ThreadPoolExecutor(
            config.coreThreads(),
            config.threads(),
            config.keepAlive().toNanos(),
            TimeUnit.NANOSECONDS,
            waiting,
            task -> threads.apply(task, "stalk-" + name + "-" + number.incrementAndGet()),
            this::wait);
  }

  /** Where all threads are core threads it makes no difference when the queue is full. */
  private static int capacity(QueueConfig config) {
    return config.coreThreads() < config.threads() ? config.buffer() : Integer.MAX_VALUE;
  }

  private static ThreadPoolBulkheadConfig resilience(QueueConfig config) {
    return ThreadPoolBulkheadConfig.custom()
        .coreThreadPoolSize(config.coreThreads())
        .maxThreadPoolSize(config.threads())
        .queueCapacity(config.buffer())
        .keepAliveDuration(config.keepAlive())
        .build();
  }

  private void wait(Runnable task, ThreadPoolExecutor pool) {
    if (pool.isShutdown()) {
      events.publish(() -> new BulkheadOnCallRejectedEvent(name));
      throw new RejectedExecutionException("the bulkhead of " + name + " is closed");
    }
    waiting.put(task);
  }

  @Override
  public void run(Runnable execution) {
    Runnable task = () -> runSafely(execution);
    try {
      executor.execute(task);
    } catch (OutOfMemoryError e) { // no thread can be made; it was not taken in
      var unused = executor.remove(task);
      if (executor.getPoolSize() == 0) {
        throw e;
      }
      waiting.put(task); // for those that are there
    }
    events.publish(() -> new BulkheadOnCallPermittedEvent(name));
  }

  private void runSafely(Runnable execution) {
    try {
      execution.run();
    } catch (RuntimeException | Error e) { // the thread is to live on
      log.error("{}: an execution threw what it should have handled", name, e);
    } finally {
      events.publish(() -> new BulkheadOnCallFinishedEvent(name));
      comeBack();
    }
  }

  @Override
  public synchronized void giveUp(Thread thread) {
    givenUp.add(thread);
    resize();
  }

  /** One thread is too many now; it may be this one that ends when it looks for more work. */
  private void comeBack() {
    if (givenUp.remove(Thread.currentThread())) {
      resize();
    }
  }

  @Override
  public int stuck() {
    return givenUp.size();
  }

  @Override
  public void change(QueueConfig changed) {
    config = resilience(changed);
    executor.setKeepAliveTime(changed.keepAlive().toNanos(), TimeUnit.NANOSECONDS);
    resize(changed.coreThreads(), changed.threads());
    waiting.capacity(capacity(changed));
  }

  @Override
  public void scale(int threads) {
    resize(threads, threads);
  }

  private synchronized void resize(int core, int most) {
    coreThreads = core;
    threads = most;
    resize();
  }

  private synchronized void resize() {
    int core = coreThreads + givenUp.size();
    int most = threads + givenUp.size();
    if (most >= executor.getMaximumPoolSize()) {
      executor.setMaximumPoolSize(most);
      executor.setCorePoolSize(core);
    } else {
      executor.setCorePoolSize(core);
      executor.setMaximumPoolSize(most);
    }
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public void close() {
    executor.shutdown();
    if (!hasTerminated()) {
      var unused = executor.shutdownNow();
      log.warn(
          "{}: {} threads still run {} s after the end and are interrupted",
          name,
          executor.getActiveCount(),
          PATIENCE_SECONDS);
    }
  }

  /** An interrupt ends the patience, and is kept. */
  private boolean hasTerminated() {
    try {
      return executor.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  // ---- Resilience4j's side

  @Override
  public <T> CompletionStage<T> submit(Callable<T> task) {
    CompletableFuture<T> result = new CompletableFuture<>();
    run(
        () -> {
          try {
            result.complete(task.call());
          } catch (Exception | Error e) { // goes to whoever asks the future
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  @Override
  public CompletionStage<Void> submit(Runnable task) {
    return submit(
        () -> {
          task.run();
          return null;
        });
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public ThreadPoolBulkheadConfig getBulkheadConfig() {
    return config;
  }

  @Override
  public Metrics getMetrics() {
    return new PoolMetrics();
  }

  @Override
  public Map<String, String> getTags() {
    return Map.of();
  }

  @Override
  public ThreadPoolBulkheadEventPublisher getEventPublisher() {
    return events;
  }

  private final class PoolMetrics implements Metrics {
    @Override
    public int getCoreThreadPoolSize() {
      return executor.getCorePoolSize();
    }

    @Override
    public int getThreadPoolSize() {
      return executor.getPoolSize();
    }

    @Override
    public int getMaximumThreadPoolSize() {
      return executor.getMaximumPoolSize();
    }

    @Override
    public int getQueueDepth() {
      return waiting.size();
    }

    @Override
    public int getRemainingQueueCapacity() {
      return Math.max(0, getQueueCapacity() - waiting.size());
    }

    @Override
    public int getQueueCapacity() {
      return config.getQueueCapacity();
    }

    @Override
    public int getActiveThreadCount() {
      return executor.getActiveCount();
    }

    @Override
    public int getAvailableThreadCount() {
      return Math.max(0, executor.getMaximumPoolSize() - executor.getActiveCount());
    }
  }

  private static final class Events extends EventProcessor<BulkheadEvent>
      implements ThreadPoolBulkheadEventPublisher {
    void publish(Supplier<BulkheadEvent> event) {
      if (hasConsumers()) {
        processEvent(event.get());
      }
    }

    @Override
    public ThreadPoolBulkheadEventPublisher onCallRejected(
        EventConsumer<BulkheadOnCallRejectedEvent> consumer) {
      registerConsumer(BulkheadOnCallRejectedEvent.class.getName(), consumer);
      return this;
    }

    @Override
    public ThreadPoolBulkheadEventPublisher onCallPermitted(
        EventConsumer<BulkheadOnCallPermittedEvent> consumer) {
      registerConsumer(BulkheadOnCallPermittedEvent.class.getName(), consumer);
      return this;
    }

    @Override
    public ThreadPoolBulkheadEventPublisher onCallFinished(
        EventConsumer<BulkheadOnCallFinishedEvent> consumer) {
      registerConsumer(BulkheadOnCallFinishedEvent.class.getName(), consumer);
      return this;
    }
  }
}
