package dev.stalk.benchmarks.pieces;

import io.github.resilience4j.bulkhead.ThreadPoolBulkhead;
import io.github.resilience4j.bulkhead.ThreadPoolBulkheadConfig;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What it costs to have something run by another thread, a batch at a time as a queue does it. */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else
public class HandOverPieces {
  private static final int THREADS = 8;
  private static final int BATCH = 256;

  private ThreadPoolBulkhead bulkhead;
  private ThreadPoolExecutor pool;

  /** Starts the threads. */
  @Setup(Level.Trial)
  public void start() {
    bulkhead =
        ThreadPoolBulkhead.of(
            "piece",
            ThreadPoolBulkheadConfig.custom()
                .coreThreadPoolSize(THREADS)
                .maxThreadPoolSize(THREADS)
                .queueCapacity(BATCH)
                .build());
    pool =
        new ThreadPoolExecutor(
            THREADS, THREADS, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(BATCH));
  }

  /** Ends them. */
  @TearDown(Level.Trial)
  public void stop() throws Exception {
    bulkhead.close();
    pool.shutdown();
  }

  /** Resilience4j's bulkhead, which a queue has. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void bulkhead() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(BATCH);
    for (int i = 0; i < BATCH; i++) {
      var unused = bulkhead.submit(done::countDown);
    }
    done.await();
  }

  /** The executor beneath it, alone. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void executor() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(BATCH);
    for (int i = 0; i < BATCH; i++) {
      pool.execute(done::countDown);
    }
    done.await();
  }
}
