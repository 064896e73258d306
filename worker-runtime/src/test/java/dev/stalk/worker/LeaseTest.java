package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private static final class SettableTime implements WorkerTime {
    private long seconds = 1000;

    @Override
    public Clock clock() {
      return Clock.systemUTC();
    }

    @Override
    public long nanoTime() {
      return TimeUnit.SECONDS.toNanos(seconds);
    }

    @Override
    public void parkNanos(Object blocker, long nanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Scheduler scheduler(String threadName) {
      throw new UnsupportedOperationException();
    }
  }

  private final SettableTime time = new SettableTime();
  private final Lease lease = new Lease(Duration.ofSeconds(60), time);

  private boolean coversWhatWasAskedForAt(long seconds) {
    return lease.covers(TimeUnit.SECONDS.toNanos(seconds));
  }

  @Test
  void itCoversEverythingUntilALeaseAfterTheLastRenewal() {
    time.seconds = 1059;
    assertThat(coversWhatWasAskedForAt(1000)).isTrue();
    time.seconds = 1060;
    assertThat(coversWhatWasAskedForAt(1000)).isFalse();
  }

  @Test
  void aRenewalCountsFromTheTimeItWasAskedFor() {
    time.seconds = 1070;
    lease.renewed(TimeUnit.SECONDS.toNanos(1040));

    assertThat(coversWhatWasAskedForAt(1000)).isTrue();
    time.seconds = 1100;
    assertThat(coversWhatWasAskedForAt(1000)).isFalse();
  }

  @Test
  void whatIsYoungerThanHalfALeaseIsCoveredThoughNoRenewalSucceeds() {
    time.seconds = 5000;

    assertThat(coversWhatWasAskedForAt(4971)).isTrue();
    assertThat(coversWhatWasAskedForAt(4970)).isFalse();
  }
}
