package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.transport.BrokerException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class OutageTest {
  private static final long MIN = Duration.ofMillis(20).toNanos();
  private static final long MAX = Duration.ofSeconds(2).toNanos();

  private final Outage outage = new Outage("queue", Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));

  /** Counts how often somebody wants to print it. */
  private static final class Away extends BrokerException {
    private static final long serialVersionUID = 1L;
    private int printed;

    Away() {
      super("away");
    }

    @Override
    public String getMessage() {
      printed++;
      return "away";
    }
  }

  @Test
  void anOutageIsReportedOnceHoweverOftenItFails() {
    Away first = new Away();
    Away later = new Away();

    outage.failed(first);
    for (int i = 0; i < 1000; i++) {
      outage.failed(later);
    }

    assertThat(first.printed).isOne();
    assertThat(later.printed).isZero();
  }

  @Test
  void theNextOutageIsReportedAgain() {
    Away second = new Away();
    outage.failed(new Away());

    outage.passed();
    outage.failed(second);

    assertThat(second.printed).isOne();
  }

  @Test
  void aFailureOfAnotherKindBeginsAnOutageToo() {
    Away later = new Away();

    outage.failed(new IllegalStateException("a bug"));
    outage.failed(later);

    assertThat(later.printed).isZero();
  }

  @Test
  void whatNeverFailedMayPass() {
    outage.passed();
    outage.passed();

    assertThat(outage.pauseNanos()).isBetween(MIN / 2, MIN);
  }

  @Test
  void pausesDoubleUpToTwoSecondsWithHalfOfThemChance() {
    outage.failed(new Away());

    long expected = MIN;
    for (int i = 0; i < 20; i++) {
      assertThat(outage.pauseNanos()).isBetween(expected / 2, expected);
      expected = Math.min(MAX, 2 * expected);
    }
    assertThat(expected).isEqualTo(MAX);
  }

  @Test
  void pausesBeginAnewAfterAnOutage() {
    outage.failed(new Away());
    for (int i = 0; i < 20; i++) {
      var unused = outage.pauseNanos();
    }

    outage.passed();

    outage.failed(new Away());
    assertThat(outage.pauseNanos()).isBetween(MIN / 2, MIN);
  }
}
