package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

class BrokerClockTest {
  private static final Instant THEIRS = Instant.parse("2030-01-01T00:00:00Z");

  private final FakeTransport transport = new FakeTransport();
  private Instant ours = THEIRS.minusSeconds(3600);
  private long nanos;
  private final BrokerClock clock =
      new BrokerClock(
          transport,
          new Clock() {
            @Override
            public Instant instant() {
              return ours;
            }

            @Override
            public ZoneOffset getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
              return this;
            }
          },
          () -> nanos);

  @Test
  void untilTheBrokerWasAskedItIsTheWorkersOwnTime() {
    assertThat(clock.instant()).isEqualTo(ours);
    assertThat(clock.skew()).isZero();
  }

  @Test
  void aWorkerAnHourBehindGoesByTheBrokersTime() {
    transport.time(() -> THEIRS);

    clock.synchronize();
    nanos += Duration.ofSeconds(2).toNanos();

    assertThat(clock.instant()).isEqualTo(THEIRS.plusSeconds(2));
    assertThat(clock.skew()).isEqualTo(Duration.ofHours(-1));
  }

  @Test
  void aLeapOfTheWorkersClockDoesNotShow() {
    transport.time(() -> THEIRS);
    clock.synchronize();

    ours = ours.plusSeconds(86_400);

    assertThat(clock.instant()).isEqualTo(THEIRS);
  }

  @Test
  void theQuickestAnswerCountsAndIsTakenToBeFromTheMiddleOfItsRoundTrip() {
    Iterator<Integer> roundTrips = List.of(40, 10, 90).iterator();
    Instant start = THEIRS;
    transport.time(
        () -> {
          long half = Duration.ofMillis(roundTrips.next()).toNanos() / 2;
          nanos += 2 * half;
          return start.plusNanos(nanos - (half == 5_000_000 ? half : 0));
        });

    clock.synchronize();

    assertThat(clock.instant()).isEqualTo(THEIRS.plusNanos(nanos));
  }

  @Test
  void theTimeGoesOnWhileTheBrokerIsAway() {
    transport.time(() -> THEIRS);
    clock.synchronize();
    transport.time(
        () -> {
          throw new BrokerUnavailableException("away", null);
        });

    assertThatThrownBy(clock::synchronize).isInstanceOf(BrokerUnavailableException.class);
    nanos += Duration.ofSeconds(7).toNanos();

    assertThat(clock.instant()).isEqualTo(THEIRS.plusSeconds(7));
  }
}
