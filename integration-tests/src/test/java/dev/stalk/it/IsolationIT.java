package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.TaskHandler;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever the tasks of one queue do, those of another are run meanwhile. */
@Timeout(180)
class IsolationIT {
  private static final int NEIGHBOURS = 30;

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicInteger begun = new AtomicInteger();

  /**
   * Fills a queue of two threads with a task, and sees another queue run its own while it is at it.
   */
  private void theNeighbourRuns(TaskHandler bad, int calls, Object... arguments) throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerConfig config =
          WorkerConfig.builder()
              .broker(peers.config().build())
              .queue("bad", new QueueConfig(2, 2))
              .queue("good", new QueueConfig(2, 2))
              .shutdownTimeout(Duration.ofSeconds(1))
              .build();
      try (Worker worker =
          Worker.builder()
              .config(config)
              .metrics(new SimpleMeterRegistry())
              .task("bad", bad)
              .task("good", (context, args) -> args.positional().get(0))
              .build()) {
        worker.start();
        List<TaskSignature> many = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
          many.add(TaskSignature.of("bad", arguments).on("bad"));
        }
        client.sendAll(many);
        Interop.await("the bad ones have begun", () -> begun.get() >= Math.min(2, calls));

        for (int i = 0; i < NEIGHBOURS; i++) {
          assertThat(
                  client
                      .send(TaskSignature.of("good", i).on("good"))
                      .get(Integer.class, Interop.PATIENCE))
              .isEqualTo(i);
        }
        assertThat(over).as("the bad ones were still at it").isFalse();
      } finally {
        over.set(true);
      }
    }
  }

  @Test
  void tasksThatNeverYield() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          while (!over.get()) {
            Thread.onSpinWait();
          }
          return null;
        },
        10);
  }

  @Test
  void tasksThatIgnoreInterrupts() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          while (!over.get()) {
            LockSupport.parkNanos(1_000_000);
            Thread.interrupted();
          }
          return null;
        },
        10);
  }

  @Test
  void tasksThatAllocateWildly() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          List<byte[]> kept = new ArrayList<>();
          while (!over.get()) {
            kept.add(new byte[1 << 20]);
            if (kept.size() > 16) {
              kept.clear();
            }
          }
          return kept.size();
        },
        4);
  }

  @Test
  void tasksThatThrowErrors() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          throw begun.get() % 2 == 0
              ? new StackOverflowError("made up")
              : new OutOfMemoryError("made up");
        },
        200);
  }

  @Test
  void tasksThatLeakThreads() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          CountDownLatch never = new CountDownLatch(1);
          for (int i = 0; i < 20; i++) {
            Thread leaked =
                new Thread(
                    () -> {
                      while (!over.get()) {
                        LockSupport.parkNanos(never, 10_000_000);
                      }
                    },
                    "leaked");
            leaked.setDaemon(true);
            leaked.start();
          }
          return null;
        },
        20);
  }

  @Test
  void tasksThatFillTheCommonPool() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          for (int i = 0; i < 50; i++) {
            var unused =
                java.util.concurrent.ForkJoinPool.commonPool()
                    .submit(
                        () -> {
                          while (!over.get()) {
                            LockSupport.parkNanos(1_000_000);
                          }
                        });
          }
          return null;
        },
        2);
  }

  @Test
  void aMessageOf64MiB() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          while (!over.get()) {
            LockSupport.parkNanos(1_000_000);
          }
          return null;
        },
        1,
        "x".repeat(48 << 20)); // base64 makes 64 MiB of it
  }
}
