package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Transport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every broker promises about messages whose holder is gone, and about those that wait. */
abstract class RestoreContract extends TransportContract {
  private static final String AT_STEP_6 =
      "{\"headers\": {}, \"properties\": {\"priority\": 6}, \"n\": %d}";
  private static final String MARKED =
      "{\"body\": \"\", \"headers\": {\"redelivered\": true}, \"properties\": {}, \"n\": %d}";

  private Transport shortLease() {
    return broker.transport(
        BrokerConfig.builder()
            .lease(Duration.ofSeconds(1))
            .visibilityTimeout(Duration.ofMinutes(1)));
  }

  private void park(int number, Instant due) {
    publish("q", 6, AT_STEP_6.formatted(number));
    QueueConnection line = line("q", "parker" + number);
    Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);
    line.exchange(List.of(done(held, new Effect.Park("q", due, held.message()))), 0, false);
    line.close();
  }

  // ---- abandoned

  @Test
  void onlyWhatWasNotRenewedForAWholeLeaseIsAbandoned() {
    Transport living = shortLease();
    Transport dead = shortLease();
    publish("q", 0, 1);
    publish("q", 0, 2);
    Delivery lost = line(dead, "dead", "q").exchange(List.of(), 1, false).deliveries().get(0);
    QueueConnection line = line(living, "living", "q");
    String renewed = line.exchange(List.of(), 1, false).deliveries().get(0).tag();

    broker.await(
        "the first is restored",
        () -> {
          assertThat(living.renew(List.of(renewed))).isEmpty();
          return living.restoreAbandoned() == 1;
        });

    assertThat(waiting("q")).containsExactly(MARKED.formatted(1));
    assertThat(living.renew(List.of(lost.tag(), renewed))).containsExactly(lost.tag());
  }

  @Test
  void whatADeadLineHeldIsFetchedNextInTheOldOrder() {
    Transport watching = shortLease();
    for (int number = 1; number <= 4; number++) {
      publish("q", 0, number);
    }
    QueueConnection dead = line(shortLease(), "dead", "q");
    dead.exchange(List.of(), 3, false);
    dead.close();

    broker.await("all are restored", () -> watching.restoreAbandoned() == 3);

    assertThat(numbers(line("q", "b").exchange(List.of(), 9, false))).containsExactly(1, 2, 3, 4);
  }

  @Test
  void ofManyThatWatchADeadOneExactlyOneReturnsItsMessages() {
    Transport dead = shortLease();
    for (int i = 0; i < 300; i++) {
      publish("q", 0, i);
    }
    QueueConnection line = line(dead, "dead", "q");
    line.exchange(List.of(), 256, false);
    line.close();
    List<Transport> watching = List.of(shortLease(), shortLease(), shortLease());
    AtomicInteger restored = new AtomicInteger();

    broker.await(
        "all are returned",
        () -> {
          watching.forEach(watcher -> restored.addAndGet(watcher.restoreAbandoned()));
          return restored.get() >= 256;
        });

    assertThat(restored).hasValue(256);
    assertThat(waiting("q")).hasSize(300);
  }

  @Test
  void aBrokerThatWasFullForLongerThanALeaseMakesNobodysWorkLookAbandoned() {
    publish("q", 0, 1);
    Transport holding = shortLease();
    Transport watching = shortLease();
    Delivery held = line(holding, "holder", "q").exchange(List.of(), 1, false).deliveries().get(0);
    line(watching, "watcher", "other").exchange(List.of(), 1, false);
    broker.fill();
    Instant full = transport.time();
    broker.await(
        "two leases in which nobody can renew",
        () -> {
          assertThatThrownBy(() -> holding.renew(List.of(held.tag())))
              .isInstanceOf(BrokerFullException.class);
          assertThatThrownBy(() -> watching.renew(List.of()))
              .isInstanceOf(BrokerFullException.class);
          watching.restoreAbandoned();
          return transport.time().isAfter(full.plusSeconds(2));
        });
    broker.free();

    assertThat(watching.restoreAbandoned()).isZero();
    assertThat(holding.renew(List.of(held.tag()))).isEmpty();
  }

  @Test
  void whatIsHeldLongerThanTheVisibilityTimeoutReturnsAfterItWasWatchedForALease() {
    Transport watching =
        broker.transport(
            BrokerConfig.builder()
                .lease(Duration.ofSeconds(1))
                .visibilityTimeout(Duration.ofSeconds(2)));
    publish("q", 0, 1);
    Instant before = transport.time();
    line("q", "a").exchange(List.of(), 1, false);

    broker.await("it is returned", () -> watching.restoreVisible() == 1);

    assertThat(transport.time()).isAfterOrEqualTo(before.plusSeconds(3).minusMillis(20));
    assertThat(waiting("q")).containsExactly(MARKED.formatted(1));
  }

  // ---- parked

  @Test
  void aParkedMessageReturnsUnchangedToItsPriorityWhenItIsDue() {
    Instant due = transport.time().plusSeconds(4);
    park(1, due);
    ParkedMessages parked = transport.parked(() -> {});
    assertThat(parked.restoreDue()).isLessThan(Duration.ofSeconds(5));
    assertThat(waiting("q")).isEmpty();

    broker.await(
        "it is due",
        () -> {
          parked.restoreDue();
          return transport.lengths("q").get(6) == 1;
        });
    parked.close();

    assertThat(transport.time()).isAfterOrEqualTo(due);
    assertThat(waiting("q")).containsExactly(AT_STEP_6.formatted(1));
  }

  @Test
  void manyThatAreDueTogetherReturnTheFirstToBeFetchedFirst() {
    Instant due = transport.time().minusSeconds(5);
    for (int i = 0; i < 20; i++) {
      park(i, due.plusMillis(i));
    }
    ParkedMessages parked = transport.parked(() -> {});

    parked.restoreDue();
    parked.close();

    List<String> waiting = waiting("q");
    assertThat(waiting).hasSize(20);
    assertThat(waiting.get(0)).isEqualTo(AT_STEP_6.formatted(0));
    assertThat(waiting.get(19)).isEqualTo(AT_STEP_6.formatted(19));
  }

  @Test
  void theTimerIsToldWhenSomethingEarlierIsParked() throws Exception {
    Semaphore news = new Semaphore(0);
    park(1, transport.time().plusSeconds(3600));
    ParkedMessages parked = broker.transport().parked(news::release);
    assertThat(parked.restoreDue()).isGreaterThan(Duration.ofSeconds(5));
    news.drainPermits();

    park(2, transport.time().plusMillis(50));

    assertThat(news.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    broker.await(
        "it is returned",
        () -> {
          parked.restoreDue();
          return waiting("q").equals(List.of(AT_STEP_6.formatted(2)));
        });
    parked.close();
  }

  @Test
  void whatNobodyReturnsOnTimeReturnsUnmarkedByTheVisibilityTimeout() {
    park(1, transport.time().minusSeconds(60));

    broker.await("it returns", () -> transport.restoreVisible() == 1);

    assertThat(waiting("q")).containsExactly(AT_STEP_6.formatted(1));
  }
}
