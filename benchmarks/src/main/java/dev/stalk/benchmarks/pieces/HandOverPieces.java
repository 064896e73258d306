package dev.stalk.benchmarks.pieces;

import dev.stalk.worker.MeasuredBulkhead;
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

  private MeasuredBulkhead bulkhead;
  private ThreadPoolBulkhead resilience4j;
  private ThreadPoolExecutor pool;

  /** Starts the threads. */
  @Setup(Level.Trial)
  public void start() {
    bulkhead = new MeasuredBulkhead(THREADS, BATCH);
    resilience4j =
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
    resilience4j.close();
    pool.shutdown();
  }

  /** The bulkhead a queue has: Resilience4j's, made to be resized. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void bulkhead() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(BATCH);
    for (int i = 0; i < BATCH; i++) {
      bulkhead.run(done::countDown);
    }
    done.await();
  }

  /** Resilience4j's own. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void resilience4j() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(BATCH);
    for (int i = 0; i < BATCH; i++) {
      var unused = resilience4j.submit(done::countDown);
    }
    done.await();
  }

  /** An executor alone. */
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
