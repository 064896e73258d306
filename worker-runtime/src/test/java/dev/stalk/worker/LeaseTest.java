package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private final SkippingTime time = new SkippingTime();
  private final Lease lease = new Lease(Duration.ofSeconds(60), time);

  private Lease.Hold taken() {
    Lease.Hold hold = lease.ask();
    lease.taken(hold);
    return hold;
  }

  @Test
  void whatIsYoungerThanHalfALeaseIsCoveredThoughNothingWasRenewed() {
    Lease.Hold hold = lease.ask();

    time.skip(29);
    assertThat(lease.covers(hold)).isTrue();
    time.skip(2);
    assertThat(lease.covers(hold)).isFalse();
  }

  @Test
  void whatWasRenewedIsCoveredForALeaseAfterTheRenewalWasAskedFor() {
    Lease.Hold hold = taken();
    time.skip(40);
    Lease.Moment asked = lease.now();
    time.skip(10);
    lease.renewed(asked);

    time.skip(49);
    assertThat(lease.covers(hold)).isTrue();
    time.skip(2);
    assertThat(lease.covers(hold)).isFalse();
  }

  @Test
  void aRenewalThatWasAskedForBeforeTheyWereAllHeldMayNotHaveNamedThem() {
    Lease.Hold hold = lease.ask();
    Lease.Moment asked = lease.now();
    time.skip(1);
    lease.taken(hold);
    lease.renewed(asked);

    time.skip(30);
    assertThat(lease.covers(hold)).isFalse();
    lease.renewed(lease.now());
    assertThat(lease.covers(hold)).isTrue();
  }

  @Test
  void aMachineThatSleptIsNoticedByTheClockOnItsWall() {
    Lease.Hold hold = taken();
    lease.renewed(lease.now());

    time.sleep(61);

    assertThat(lease.covers(hold)).isFalse();
  }

  @Test
  void aClockThatIsSetBackMakesNothingYounger() {
    Lease.Hold hold = taken();

    time.sleep(-3600);
    time.skip(31);

    assertThat(lease.covers(hold)).isFalse();
  }
}
