package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WaitingExecutionsTest {
  private static final Runnable NOTHING = new Nothing();
  private static final int THREADS = 8;

  private static final class Nothing implements Runnable {
    @Override
    public void run() {}
  }

  private final WaitingExecutions waiting = new WaitingExecutions(Integer.MAX_VALUE);

  private Thread taker(AtomicReference<Runnable> taken) {
    Thread thread =
        new Thread(
            () -> {
              try {
                taken.set(waiting.take());
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "taker");
    thread.start();
    return thread;
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
  }

  private ThreadPoolExecutor pool() {
    return new ThreadPoolExecutor(THREADS, THREADS, 1, TimeUnit.MINUTES, waiting);
  }

  @Test
  void everyThreadThatIsNeededGetsUpForABurst() throws Exception {
    ThreadPoolExecutor pool = pool();
    try {
      for (int burst = 0; burst < 200; burst++) {
        CyclicBarrier all = new CyclicBarrier(THREADS); // nobody passes before all are there
        CountDownLatch passed = new CountDownLatch(THREADS);
        for (int i = 0; i < THREADS; i++) {
          pool.execute(
              () -> {
                try {
                  all.await();
                  passed.countDown();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
        }
        assertThat(passed.await(30, TimeUnit.SECONDS)).as("burst %s", burst).isTrue();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void nothingIsForgottenHoweverBringersAndTakersMeet() throws Exception {
    ThreadPoolExecutor pool = pool();
    try {
      CountDownLatch done = new CountDownLatch(4 * 20_000);
      List<Thread> bringers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Thread bringer =
            new Thread(
                () -> {
                  for (int task = 0; task < 20_000; task++) {
                    pool.execute(done::countDown);
                  }
                },
                "bringer");
        bringer.start();
        bringers.add(bringer);
      }
      for (Thread bringer : bringers) {
        bringer.join();
      }
      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void whatAThreadThatIsInterruptedLeavesIsTakenByAnother() throws Exception {
    for (int round = 0; round < 200; round++) {
      AtomicReference<Runnable> first = new AtomicReference<>();
      AtomicReference<Runnable> second = new AtomicReference<>();
      Thread interrupted = taker(first);
      awaitWaiting(interrupted);
      Thread other = taker(second);
      awaitWaiting(other);

      waiting.put(NOTHING); // wakes the one that has waited longest
      interrupted.interrupt();
      interrupted.join();
      if (first.get() != null) {
        waiting.put(NOTHING); // it had it already: this is for the other
      }
      other.join();

      assertThat(second).hasValue(NOTHING);
      assertThat(waiting).isEmpty();
    }
  }

  @Test
  void itIsFullEarlierOrLaterAsItIsTold() {
    waiting.capacity(1);
    assertThat(waiting.offer(NOTHING)).isTrue();
    assertThat(waiting.offer(NOTHING)).isFalse();
    assertThat(waiting.remainingCapacity()).isZero();

    waiting.capacity(2);
    assertThat(waiting.offer(NOTHING)).isTrue();
    assertThat(waiting.offer(NOTHING)).isFalse();
    waiting.put(NOTHING);
    assertThat(waiting).hasSize(3);
  }

  @Test
  void whatWaitsComesInOrderAndCanBeTakenOut() throws Exception {
    List<Runnable> tasks = List.of(() -> {}, () -> {}, () -> {}, () -> {});
    tasks.forEach(waiting::put);
    assertThat(waiting.peek()).isSameAs(tasks.get(0));
    assertThat(waiting.take()).isSameAs(tasks.get(0));
    assertThat(waiting.remove(tasks.get(2))).isTrue();
    assertThat(waiting).containsExactly(tasks.get(1), tasks.get(3));

    List<Runnable> drained = new ArrayList<>();
    assertThat(waiting.drainTo(drained)).isEqualTo(2);
    assertThat(drained).containsExactly(tasks.get(1), tasks.get(3));
    assertThat(waiting.poll(1, TimeUnit.NANOSECONDS)).isNull();
  }
}
