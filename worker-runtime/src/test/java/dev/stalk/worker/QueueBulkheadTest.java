package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.stalk.worker.config.QueueConfig;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class QueueBulkheadTest {

  @Test
  void thereIsAPlaceForEachThreadAndEachBufferedMessage() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(2, 3));

    assertThat(bulkhead.reserve(100)).isEqualTo(5);
    assertThat(bulkhead.reserve(1)).isZero();
    bulkhead.close();
  }

  @Test
  void noMoreIsTakenThanAskedFor() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(2, 3));

    assertThat(bulkhead.reserve(4)).isEqualTo(4);
    assertThat(bulkhead.reserve(4)).isEqualTo(1);
    bulkhead.close();
  }

  @Test
  void placesGivenBackAreFreeAgain() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(1, 1));
    int taken = bulkhead.reserve(2);

    bulkhead.release(1);
    assertThat(bulkhead.reserve(2)).isEqualTo(1);
    bulkhead.release(taken);

    assertThat(bulkhead.reserve(2)).isEqualTo(2);
    bulkhead.close();
  }

  @Test
  void atMostAsManyRunAtOnceAsThereAreThreads() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(3, 20));
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch three = new CountDownLatch(3);
    CountDownLatch all = new CountDownLatch(23);
    Runnable execution =
        () -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          three.countDown();
          await(three);
          running.decrementAndGet();
          all.countDown();
        };

    for (int i = 0; i < 23; i++) {
      bulkhead.run(execution);
    }

    all.await();
    assertThat(most).hasValue(3);
    bulkhead.close();
  }

  /**
   * As the consumer does it: the place is given back by the execution itself, so the next message
   * may arrive while the thread is still busy leaving the one before.
   */
  @ParameterizedTest
  @CsvSource({"1, 0", "1, 1", "4, 0", "2, 8"})
  void whatHasAPlaceIsNeverRejected(int threads, int buffer) throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(threads, buffer));
    Semaphore free = new Semaphore(threads + buffer);
    int messages = 10_000;
    Runnable execution =
        () -> {
          bulkhead.leave(true);
          free.release();
        };

    assertThatCode(
            () -> {
              for (int begun = 0; begun < messages; begun++) {
                free.acquire();
                assertThat(bulkhead.reserve(1)).isOne();
                bulkhead.run(execution);
              }
            })
        .doesNotThrowAnyException();

    free.acquire(threads + buffer);
    assertThat(bulkhead.reserve(Integer.MAX_VALUE)).isEqualTo(threads + buffer);
    bulkhead.close();
  }

  @Test
  void itReadsAheadWhileTasksAreShort() {
    QueueBulkhead bulkhead =
        new QueueBulkhead(
            "math", QueueConfig.builder().threads(2).buffer(3).readAhead(100).build());
    long second = TimeUnit.SECONDS.toNanos(1);
    bulkhead.adapt(0);
    leave(bulkhead, bulkhead.reserve(1000));
    bulkhead.adapt(second / 100);
    int reserved = bulkhead.reserve(1000);

    assertThat(reserved).isEqualTo(5 + 6);
    assertThat(bulkhead.free()).isEqualTo(-6);

    leave(bulkhead, reserved);
    bulkhead.adapt(2 * second / 100);
    leave(bulkhead, bulkhead.reserve(1000));
    for (int i = 3; i < 10; i++) {
      bulkhead.adapt(i * second / 100);
      leave(bulkhead, bulkhead.reserve(1000));
    }
    assertThat(bulkhead.reserve(1000)).isEqualTo(2 + 100);
    bulkhead.close();
  }

  @Test
  void whatWasTakenBackUnbegunSaysNothingOfThePace() {
    QueueBulkhead bulkhead =
        new QueueBulkhead(
            "math", QueueConfig.builder().threads(2).buffer(3).readAhead(100).build());
    bulkhead.adapt(0);
    for (int i = 0; i < 1000; i++) {
      assertThat(bulkhead.reserve(1)).isOne();
      assertThat(bulkhead.mayBegin()).isTrue();
      bulkhead.leave(false);
    }
    bulkhead.adapt(TimeUnit.MILLISECONDS.toNanos(10));

    assertThat(bulkhead.reserve(1000)).isEqualTo(5);
    bulkhead.close();
  }

  @Test
  void nothingIsReadAheadOnceATaskGoesOnWithoutItsThread() {
    QueueBulkhead bulkhead =
        new QueueBulkhead(
            "math", QueueConfig.builder().threads(2).buffer(3).readAhead(100).build());
    bulkhead.adapt(0);
    bulkhead.readNoFurtherAhead();
    leave(bulkhead, bulkhead.reserve(1000));
    bulkhead.adapt(TimeUnit.MILLISECONDS.toNanos(10));
    bulkhead.adapt(TimeUnit.MILLISECONDS.toNanos(20));

    assertThat(bulkhead.reserve(1000)).isEqualTo(5);
    bulkhead.close();
  }

  @Test
  void noMoreMayBeginThanThereAreThreadsAndBuffer() {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(1, 1));

    assertThat(bulkhead.mayBegin()).isTrue();
    assertThat(bulkhead.mayBegin()).isTrue();
    assertThat(bulkhead.mayBegin()).isFalse();
    bulkhead.leave(true);
    bulkhead.leave(true);
    assertThat(bulkhead.mayBegin()).isTrue();
    bulkhead.close();
  }

  private static void leave(QueueBulkhead bulkhead, int count) {
    for (int i = 0; i < count; i++) {
      assertThat(bulkhead.mayBegin()).isEqualTo(i < 5);
    }
    for (int i = 0; i < count; i++) {
      bulkhead.leave(true);
    }
  }

  @Test
  void whatOneExecutionThrowsDoesNotHurtTheNext() throws Exception {
    QueueBulkhead bulkhead = new QueueBulkhead("math", new QueueConfig(1, 1));
    CountDownLatch ran = new CountDownLatch(1);

    bulkhead.run(
        () -> {
          throw new AssertionError("broken");
        });
    bulkhead.run(ran::countDown);

    ran.await();
    bulkhead.close();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
