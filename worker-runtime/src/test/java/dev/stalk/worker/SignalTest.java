package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SignalTest {
  private static final long FOREVER = TimeUnit.DAYS.toNanos(1);
  private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(2);

  private final Signal signal = new Signal();

  @Test
  void aWakeUpBeforeTheWaitIsKept() {
    signal.raise();

    signal.await(FOREVER);
  }

  @Test
  void manyWakeUpsAreOne() {
    signal.raise();
    signal.raise();
    signal.await(FOREVER);

    assertThat(elapsed(SHORT)).isGreaterThanOrEqualTo(SHORT);
  }

  @Test
  void aWaitEndsAtItsTime() {
    assertThat(elapsed(SHORT)).isGreaterThanOrEqualTo(SHORT);
    assertThat(elapsed(SHORT)).isGreaterThanOrEqualTo(SHORT);
  }

  @Test
  void aWaitOfNoTimeReturnsAtOnce() {
    signal.await(0);
    signal.await(-1);
  }

  @Test
  void aWaitingThreadIsWoken() throws InterruptedException {
    Thread waiter = new Thread(() -> signal.await(FOREVER));
    waiter.start();
    while (LockSupport.getBlocker(waiter) != signal) {
      Thread.onSpinWait();
    }

    signal.raise();

    waiter.join();
  }

  @Test
  void anInterruptEndsTheWaitAndStays() {
    Thread.currentThread().interrupt();

    signal.await(FOREVER);

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void noWakeUpIsLostBetweenTwoThreads() throws InterruptedException {
    Signal answer = new Signal();
    int rounds = 5_000;
    Thread other =
        new Thread(
            () -> {
              for (int i = 0; i < rounds; i++) {
                signal.await(FOREVER);
                answer.raise();
              }
            });
    other.start();

    for (int i = 0; i < rounds; i++) {
      signal.raise();
      answer.await(FOREVER);
    }

    other.join();
  }

  private long elapsed(long wait) {
    long start = System.nanoTime();
    signal.await(wait);
    return System.nanoTime() - start;
  }
}
