package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SightingsTest {
  private static final Duration LEASE = Duration.ofSeconds(6);

  private final AtomicLong nanos = new AtomicLong(1_000);
  private final Sightings sightings = new Sightings(LEASE, nanos::get);

  private boolean isStillAfter(Duration pause, String score) {
    nanos.addAndGet(pause.toNanos());
    sightings.lookOn();
    return sightings.isStill("holder", score);
  }

  @Test
  void whatDoesNotMoveForALeaseInWhichWeLookOnIsStill() {
    Duration sixth = LEASE.dividedBy(6);
    for (int look = 0; look < 6; look++) {
      assertThat(isStillAfter(sixth, "1")).isFalse();
    }

    assertThat(isStillAfter(sixth, "1")).isTrue();
  }

  @Test
  void whatMovesIsNotStill() {
    for (int look = 0; look < 20; look++) {
      assertThat(isStillAfter(LEASE.dividedBy(3), "score " + look)).isFalse();
    }
  }

  @Test
  void whatDidNotMoveWhileWeStoodStillOurselvesGetsAWholeLease() {
    assertThat(isStillAfter(Duration.ofSeconds(1), "1")).isFalse();

    assertThat(isStillAfter(Duration.ofHours(1), "1")).isFalse();
    assertThat(isStillAfter(LEASE.dividedBy(3), "1")).isFalse();
    assertThat(isStillAfter(LEASE.dividedBy(3), "1")).isFalse();
    assertThat(isStillAfter(LEASE.dividedBy(3), "1")).isTrue();
  }

  @Test
  void whenWeCouldGiveNoSignOfLifeOurselvesWatchingBeginsAnew() {
    assertThat(isStillAfter(Duration.ofSeconds(1), "1")).isFalse();
    assertThat(isStillAfter(LEASE.dividedBy(2), "1")).isFalse();
    sightings.interrupt();

    assertThat(isStillAfter(LEASE.dividedBy(2), "1")).isFalse();
    assertThat(isStillAfter(LEASE.dividedBy(2), "1")).isFalse();
    assertThat(isStillAfter(LEASE.dividedBy(2), "1")).isTrue();
  }
}
