package dev.stalk.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.worker.WorkerTime;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
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
}
