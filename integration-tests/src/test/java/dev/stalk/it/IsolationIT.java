package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.worker.TaskContext;
import dev.stalk.worker.TaskHandler;
import dev.stalk.worker.TaskListener;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.TaskConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
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

  /** Initialised by the first bad task, which does not come to an end with it. */
  private static final class NeverLoaded {
    private static final CountDownLatch LET_GO = new CountDownLatch(1);

    /** Kept apart: whoever asks for the latch must not have to wait for this class. */
    private static final class Initialised {
      static final int VALUE = awaitRelease();

      private static int awaitRelease() {
        try {
          LET_GO.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return 1;
      }
    }
  }

  @Test
  void tasksWhoseClassesAreNeverInitialised() throws Exception {
    try {
      theNeighbourRuns(
          (context, arguments) -> {
            begun.incrementAndGet();
            return NeverLoaded.Initialised.VALUE;
          },
          10);
    } finally {
      NeverLoaded.LET_GO.countDown();
    }
  }

  /** The connections for sending are shared; each is held for one round trip. */
  @Test
  void tasksThatSendWithoutEnd() throws Exception {
    theNeighbourRuns(
        (context, arguments) -> {
          begun.incrementAndGet();
          while (!over.get()) {
            context.send(TaskSignature.of("nobody", "x".repeat(10_000)).on("unserved"));
          }
          return null;
        },
        10);
  }

  /** What a time limit does may call listeners, which are anybody's code. */
  @Test
  void aListenerThatHoldsUpTheTimeLimitsOfOneQueue() throws Exception {
    AtomicInteger stuck = new AtomicInteger();
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      QueueConfig limited =
          QueueConfig.builder()
              .threads(2)
              .tasks(TaskConfig.builder().timeLimit(Duration.ofMillis(100)).build())
              .build();
      WorkerConfig config =
          WorkerConfig.builder()
              .broker(peers.config().build())
              .queue("bad", limited)
              .queue("good", limited)
              .shutdownTimeout(Duration.ofSeconds(1))
              .build();
      TaskListener holding =
          new TaskListener() {
            @Override
            public void failed(TaskContext context, Throwable error) {
              if (context.task().equals("bad")) {
                stuck.incrementAndGet();
                while (!over.get()) {
                  LockSupport.parkNanos(1_000_000);
                }
              }
            }
          };
      try (Worker worker =
          Worker.builder()
              .config(config)
              .metrics(new SimpleMeterRegistry())
              .listener(holding)
              .task("bad", (context, arguments) -> sleep())
              .task("good", (context, arguments) -> sleep())
              .build()) {
        worker.start();
        client.send(TaskSignature.of("bad").on("bad"));
        Interop.await("the listener holds the thread", () -> stuck.get() == 1);

        for (int i = 0; i < 4; i++) {
          var limitedToo = client.send(TaskSignature.of("good").on("good"));
          assertThat(limitedToo.await(Interop.PATIENCE).state()).isEqualTo(TaskState.FAILURE);
        }
      } finally {
        over.set(true);
      }
    }
  }

  private static @Nullable Object sleep() throws InterruptedException {
    new CountDownLatch(1).await();
    return null;
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
