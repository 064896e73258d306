package dev.stalk.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.worker.WorkerTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SettableClockTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final SettableClock clock = new SettableClock(START);
  private final List<String> done = new CopyOnWriteArrayList<>();

  private void note(String what) {
    done.add(what + "@" + Duration.between(START, clock.instant()).toSeconds());
  }

  @Test
  void timeStandsStillUntilItIsToldToGoOnAndNeverGoesBack() {
    assertThat(clock.instant()).isEqualTo(START);

    clock.advance(Duration.ofSeconds(5));

    assertThat(clock.instant()).isEqualTo(START.plusSeconds(5));
    assertThat(clock.nanoTime()).isEqualTo(5_000_000_000L);
    assertThat(clock.withZone(ZoneId.of("Asia/Tokyo")).instant()).isEqualTo(START.plusSeconds(5));
    assertThatThrownBy(() -> clock.advance(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whatIsDueOnTheWayIsDoneAtItsTimeInItsOrderBeforeAdvanceReturns() {
    try (WorkerTime.Scheduler one = clock.scheduler("one");
        WorkerTime.Scheduler two = clock.scheduler("two")) {
      one.every(Duration.ofSeconds(10), Duration.ofSeconds(20), () -> note("a"));
      var unused = two.after(Duration.ofSeconds(40), () -> note("b"));
      Future<?> cancelled = two.after(Duration.ofSeconds(5), () -> note("never"));
      cancelled.cancel(false);

      clock.advance(Duration.ofSeconds(60));

      assertThat(done).containsExactly("a@10", "a@30", "b@40", "a@50");
    }
  }

  @Test
  void aClosedSchedulerDoesNothingAnyMore() {
    WorkerTime.Scheduler scheduler = clock.scheduler("closed");
    var unused = scheduler.after(Duration.ofSeconds(1), () -> note("never"));
    scheduler.close();
    scheduler.close();

    clock.advance(Duration.ofSeconds(2));

    assertThat(done).isEmpty();
    assertThatThrownBy(() -> scheduler.after(Duration.ofSeconds(1), () -> note("never")))
        .isInstanceOf(RejectedExecutionException.class);
  }

  @Test
  void whatAThreadWasWokenForIsDoneBeforeTimeGoesOn() throws Exception {
    AtomicInteger orders = new AtomicInteger();
    AtomicBoolean ending = new AtomicBoolean();
    Thread worker =
        new Thread(
            () -> {
              while (!ending.get()) {
                clock.parkNanos(this, Long.MAX_VALUE);
                while (orders.get() > 0) {
                  note("done");
                  orders.decrementAndGet();
                }
              }
            });
    worker.start();
    while (LockSupport.getBlocker(worker) != this) {
      Thread.onSpinWait();
    }

    for (int second = 0; second < 200; second++) {
      orders.incrementAndGet();
      clock.unpark(worker);
      clock.advance(Duration.ofSeconds(1));

      assertThat(done).last().isEqualTo("done@" + second);
    }

    ending.set(true);
    clock.unpark(worker);
    worker.join();
  }

  @Test
  void whatIsOrderedAMomentBeforeTimeGoesOnIsDoneAtItsTime() {
    try (WorkerTime.Scheduler scheduler = clock.scheduler("orders")) {
      for (int minute = 0; minute < 200; minute++) {
        var unused = scheduler.after(Duration.ofSeconds(10), () -> note("done"));
        clock.advance(Duration.ofSeconds(60));

        assertThat(done).last().isEqualTo("done@" + (minute * 60 + 10));
      }
    }
  }

  @Test
  void aThreadThatPausesAfterAFailureHoldsUpNobody() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    Thread worker =
        new Thread(
            () -> {
              while (release.getCount() > 0) {
                clock.pauseNanos(this, Duration.ofDays(1).toNanos());
              }
            });
    worker.start();
    while (LockSupport.getBlocker(worker) != this) {
      Thread.onSpinWait();
    }

    clock.advance(Duration.ofHours(1));

    assertThat(clock.instant()).isEqualTo(START.plus(Duration.ofHours(1)));
    release.countDown();
    LockSupport.unpark(worker);
    worker.join();
  }

  @Test
  @Timeout(120)
  void aThreadThatNeverComesToRestIsNamedWithWhatItDoes() {
    CountDownLatch release = new CountDownLatch(1);
    try (WorkerTime.Scheduler scheduler = clock.scheduler("busy-bee")) {
      var unused =
          scheduler.after(
              Duration.ofSeconds(1),
              () -> {
                try {
                  release.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });

      assertThatThrownBy(() -> clock.advance(Duration.ofSeconds(5)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("2026-01-01T00:00:01Z")
          .hasMessageContaining("busy-bee")
          .hasMessageContaining("CountDownLatch.await");
      assertThat(clock.instant()).isEqualTo(START.plusSeconds(1));
    } finally {
      release.countDown();
    }
  }

  @Test
  void whoIsInterruptedIsToldSoAndStaysInterrupted() {
    try (WorkerTime.Scheduler scheduler = clock.scheduler("slow")) {
      CountDownLatch release = new CountDownLatch(1);
      var unused =
          scheduler.after(
              Duration.ofSeconds(1),
              () -> {
                try {
                  release.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      Thread.currentThread().interrupt();

      assertThatThrownBy(() -> clock.advance(Duration.ofSeconds(5)))
          .isInstanceOf(IllegalStateException.class);

      assertThat(Thread.interrupted()).isTrue();
      release.countDown();
    }
  }
}
