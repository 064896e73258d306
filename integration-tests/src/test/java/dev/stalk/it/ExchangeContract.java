package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.QueueOrder;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Settlement.Fate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every queue's line to a broker promises. */
abstract class ExchangeContract extends TransportContract {
  private static final String SUCCESS =
      "{\"status\": \"SUCCESS\", \"result\": 1, \"traceback\": null, \"children\": []}";

  @Test
  void messagesComeOldestFirstAndLowPriorityNumbersBeforeHighOnes() {
    publish("q", 9, 1);
    publish("q", 0, 2);
    publish("q", 3, 3);
    publish("q", 0, 4);
    publish("q", 6, 5);

    QueueConnection line = line("q", "a");

    assertThat(numbers(line.exchange(List.of(), 3, false))).containsExactly(2, 4, 3);
    assertThat(numbers(line.exchange(List.of(), 3, false))).containsExactly(5, 1);
    assertThat(line.exchange(List.of(), 3, false).deliveries()).isEmpty();
  }

  @Test
  void queuesOnOneLineTakeTurnsWithinAStepAndNoneOvertakesAMoreUrgentStep() {
    for (int number = 1; number <= 40; number++) {
      publish("full", 0, number);
    }
    publish("calm", 0, 101);
    publish("calm", 0, 102);
    publish("calm", 9, 109);
    publish("other", 0, 201);
    publish("other", 3, 203);
    QueueConnection line = line(transport, "a", "full", "calm", "other");

    List<Integer> oneByOne = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      oneByOne.addAll(numbers(line.exchange(List.of(), 1, false)));
    }
    assertThat(oneByOne).containsExactly(1, 101, 201, 2, 102);

    Exchange rest = line.exchange(List.of(), 60, true);
    assertThat(numbers(rest)).hasSize(40).startsWith(3, 4).endsWith(40, 203, 109);
    assertThat(rest.more()).isFalse();
    assertThat(rest.deliveries())
        .filteredOn(delivery -> !delivery.queue().equals("full"))
        .extracting(Delivery::queue)
        .containsExactly("other", "calm");
  }

  @ParameterizedTest
  @EnumSource(
      value = QueueOrder.class,
      names = {"PRIORITY", "SORTED"})
  void queuesInOrderWaitForEachOtherWithinAStepAndNoLongerThanThat(QueueOrder order) {
    for (int number = 1; number <= 40; number++) {
      publish("b", 0, number);
    }
    publish("a", 0, 101);
    publish("a", 3, 103);
    publish("b", 9, 209);
    QueueConnection line = line(transport, order, "h", "b", "a");
    boolean named = order == QueueOrder.PRIORITY;

    List<Integer> oneByOne = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      oneByOne.addAll(numbers(line.exchange(List.of(), 1, false)));
    }
    assertThat(oneByOne).containsExactlyElementsOf(named ? List.of(1, 2, 3) : List.of(101, 1, 2));
    publish("a", 0, 102);

    List<Integer> rest = numbers(line.exchange(List.of(), 60, true));
    if (named) {
      assertThat(rest).hasSize(41).startsWith(4, 5).endsWith(39, 40, 101, 102, 103, 209);
    } else {
      assertThat(rest).hasSize(41).startsWith(102, 3, 4).endsWith(39, 40, 103, 209);
    }
  }

  @Test
  void aPushToAnyQueueOfASharedLineWakesIt() throws InterruptedException {
    QueueConnection line = line(transport, "a", "one", "two");
    publish("two", 9, 1);
    assertThat(numbers(line.exchange(List.of(), 9, true))).containsExactly(1);
    woken.drainPermits();

    publish("two", 9, 2);

    assertThat(woken.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    assertThat(line.exchange(List.of(), 9, true).deliveries())
        .extracting(Delivery::queue)
        .containsExactly("two");
  }

  @Test
  void anArmedFetchThatEmptiesTheQueueIsFollowedByOneNoticeOfTheNextPush() throws Exception {
    QueueConnection line = line("q", "a");
    publish("q", 0, 1);
    line.exchange(List.of(), 5, true);
    woken.drainPermits();
    assertThat(line.givesNotice()).isTrue();

    publish("q", 6, 2);

    assertThat(woken.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    assertThat(numbers(line.exchange(List.of(), 5, true))).containsExactly(2);
  }

  @Test
  void whatIsToBeDoneMeanwhileIsDoneOnceByTheCaller() {
    publish("q", 0, 1);
    List<Thread> done = new ArrayList<>();

    Exchange exchange =
        line("q", "a").exchange(List.of(), 1, false, () -> done.add(Thread.currentThread()));

    assertThat(numbers(exchange)).containsExactly(1);
    assertThat(done).containsExactly(Thread.currentThread());
  }

  @Test
  void aTagNamesItsHolderAndNoOtherDelivery() {
    publish("q", 0, 1);
    publish("q", 0, 2);

    List<Delivery> held = line("q", "a").exchange(List.of(), 2, false).deliveries();

    assertThat(held).extracting(Delivery::tag).doesNotHaveDuplicates().isSorted();
    assertThat(held).allMatch(delivery -> delivery.tag().startsWith("stalk:held:a:"));
  }

  @Test
  void settlingWritesTheEffectsAndEndsExactlyItsOwnDelivery() {
    publish("q", 0, 1);
    publish("q", 0, 2);
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();

    Exchange exchange =
        line.exchange(
            List.of(
                done(
                    held.get(0),
                    new Effect.Publish(new Publication("next", 3, bytes("{}"))),
                    new Effect.StoreResult("t1", bytes(SUCCESS)))),
            0,
            false);

    assertThat(exchange.fates()).containsExactly(Fate.SETTLED);
    assertThat(transport.renew(held.stream().map(Delivery::tag).toList()))
        .containsExactly(held.get(0).tag());
    assertThat(transport.results().get("t1").value()).isEqualTo(1);
    assertThat(transport.lengths("next")).containsEntry(3, 1L).containsEntry(0, 0L);
  }

  @Test
  void settlingTwiceWritesNothingTheSecondTime() {
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    Settlement settlement =
        done(delivery, new Effect.Publish(new Publication("next", 0, bytes("{}"))));
    line.exchange(List.of(settlement), 0, false);

    Exchange again = line.exchange(List.of(settlement), 0, false);

    assertThat(again.fates()).containsExactly(Fate.LAPSED);
    assertThat(waiting("next")).hasSize(1);
  }

  @Test
  void whatWasAcknowledgedEarlyIsWrittenWithoutIt() {
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    line.exchange(List.of(done(delivery)), 0, false);

    Exchange late =
        line.exchange(
            List.of(
                Settlement.afterAcknowledgement(
                    delivery.tag(), List.of(new Effect.StoreResult("t1", bytes(SUCCESS))))),
            0,
            false);

    assertThat(late.fates()).containsExactly(Fate.SETTLED);
    assertThat(transport.results().get("t1").state()).isEqualTo(TaskState.SUCCESS);
  }

  /** A delivery that is acknowledged before its task begins. */
  private Delivery acknowledged(QueueConnection line, int number) {
    publish("q", 0, number);
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    assertThat(line.exchange(List.of(done(delivery)), 0, false).fates())
        .containsExactly(Fate.SETTLED);
    return delivery;
  }

  /** Its task has ended: a follow-up is to be sent. */
  private static Settlement sending(Delivery delivery, int number) {
    Publication next = new Publication("next", 0, bytes(envelope(number)));
    return Settlement.afterAcknowledgement(
        delivery.tag(), List.of(new Effect.Publish(next), new Effect.ForgetDeliveries("t")));
  }

  @Test
  void whatWasAcknowledgedEarlyIsWrittenOnceThoughTheAnswerIsLostAgainAndAgain() {
    QueueConnection line = line(broker.fragile(), "a", "q");
    Settlement first = sending(acknowledged(line, 1), 101);
    Settlement second = sending(acknowledged(line, 2), 102);
    Settlement third = sending(acknowledged(line, 3), 103);

    broker.loseAnswer(() -> line.exchange(List.of(first, second), 0, false));
    broker.loseAnswer(() -> line.exchange(List.of(first, second, third), 0, false));
    Exchange answered = line.exchange(List.of(first, second, third), 0, false);

    assertThat(answered.fates()).containsOnly(Fate.SETTLED).hasSize(3);
    assertThat(waiting("next"))
        .containsExactlyInAnyOrder(envelope(101), envelope(102), envelope(103));
    Settlement fourth = sending(acknowledged(line, 4), 104);
    assertThat(line.exchange(List.of(fourth), 0, false).fates()).containsExactly(Fate.SETTLED);
    assertThat(waiting("next")).hasSize(4);
  }

  @Test
  void whatIsHeldAndWhatWasAcknowledgedEarlyAreWrittenOnceTogether() {
    QueueConnection line = line(broker.fragile(), "a", "q");
    Settlement early = sending(acknowledged(line, 1), 101);
    publish("q", 0, 2);
    publish("q", 0, 3);
    Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);
    Settlement late = done(held, new Effect.Publish(new Publication("next", 0, bytes("{}"))));

    broker.loseAnswer(() -> line.exchange(List.of(late, early), 1, false));
    Exchange again = line.exchange(List.of(late, early), 1, false);

    assertThat(again.fates()).containsExactly(Fate.LAPSED, Fate.SETTLED);
    assertThat(numbers(again)).as("fetched, and not told").containsExactly(3);
    assertThat(waiting("next")).hasSize(2);
  }

  @Test
  void linesDoNotTakeEachOthersSettlementsForTheirOwn() {
    QueueConnection line = line(broker.fragile(), "a", "q");
    QueueConnection other = line("q", "b");
    Settlement mine = sending(acknowledged(line, 1), 101);
    Settlement others = sending(acknowledged(other, 2), 102);
    broker.loseAnswer(() -> line.exchange(List.of(mine), 0, false));

    assertThat(other.exchange(List.of(others), 0, false).fates()).containsExactly(Fate.SETTLED);
    assertThat(line.exchange(List.of(mine), 0, false).fates()).containsExactly(Fate.SETTLED);

    assertThat(waiting("next")).containsExactlyInAnyOrder(envelope(101), envelope(102));
  }

  @Test
  void withMemoryFullWhatWasAcknowledgedEarlyIsWrittenAllTheSame() {
    QueueConnection line = line("q", "a");
    Settlement settlement = sending(acknowledged(line, 1), 101);
    broker.fill();

    Exchange exchange = line.exchange(List.of(settlement), 0, false);
    broker.free();

    assertThat(exchange.fates()).containsExactly(Fate.SETTLED);
    assertThat(waiting("next")).containsExactly(envelope(101));
  }

  @Test
  void aReturnedMessageIsFetchedNextAndAPublishedOneLast() {
    publish("q", 0, 1);
    publish("q", 0, 2);
    publish("q", 0, 3);
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();

    Exchange next =
        line.exchange(
            List.of(
                done(
                    held.get(0),
                    new Effect.Publish(new Publication("q", 0, held.get(0).message()))),
                done(
                    held.get(1),
                    new Effect.Return(new Publication("q", 0, held.get(1).message())))),
            3,
            false);

    assertThat(numbers(next)).containsExactly(2, 3, 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"status\": \"SUCCESS\", \"result\": 1}",
        "{\"status\":\"SUCCESS\",\"result\":1}",
        "{\"result\": 1, \"status\": \"SUCCESS\"}",
        "children: []\nresult: 1\nstatus: SUCCESS\ntask_id: t1\n"
      })
  void aStoredSuccessIsNeverOverwritten(String stored) {
    transport.results().store("t1", bytes(stored));
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);

    line.exchange(
        List.of(done(delivery, new Effect.StoreResult("t1", bytes("{\"status\": \"FAILURE\"}")))),
        0,
        false);

    AtomicReference<String> kept = new AtomicReference<>();
    try (ResultBackend.Watch watch =
        transport.results().watch("t1", meta -> kept.set(text(meta)))) {
      assertThat(watch).isNotNull();
      broker.await("it is read", () -> kept.get() != null);
    }
    assertThat(kept).hasValue(stored);
  }

  @Test
  void aStoredFailureThatOnlyMentionsSuccessIsOverwritten() {
    transport
        .results()
        .store("t1", bytes("{\"status\": \"STARTED\", \"result\": {\"status\": \"SUCCESS\"}}"));
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);

    line.exchange(List.of(done(delivery, new Effect.StoreResult("t1", bytes(SUCCESS)))), 0, false);

    assertThat(transport.results().get("t1").value()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{\"headers\": {}}",
        "{\"headers\": null, \"properties\": {}}",
        "{\"headers\": {}, \"properties\": {}",
        "{\"headers\": {}, \"properties\": {}} x"
      })
  void whatIsNoEnvelopeIsNeverHeldAndIsKeptByteForByte(String poison) {
    publish("q", 0, poison);
    publish("q", 0, 1);

    Exchange exchange = line("q", "a").exchange(List.of(), 5, false);

    assertThat(exchange.quarantined()).isEqualTo(1);
    assertThat(numbers(exchange)).containsExactly(1);
    assertThat(waiting("q")).isEmpty();
    var kept = transport.quarantine().at("q", 0);
    assertThat(text(kept.message())).isEqualTo(poison);
    assertThat(kept.entry().queue()).isEqualTo("q");
    assertThat(kept.entry().deliveries()).isEqualTo(1);
    assertThat(kept.entry().reason()).contains("JSON object");
  }

  @Test
  void aFetchEndsAtAMebibyteOrSoAndSaysThatThereIsMore() {
    for (int i = 0; i < 40; i++) {
      publish(
          "q",
          0,
          "{\"headers\": {}, \"properties\": {}, \"body\": \"%s\", \"n\": %d}"
              .formatted("x".repeat(100_000), i));
    }
    QueueConnection line = line("q", "a");

    Exchange first = line.exchange(List.of(), 40, true);

    assertThat(first.deliveries()).hasSizeBetween(11, 27);
    assertThat(first.more()).isTrue();
    assertThat(line.exchange(List.of(), 40, true).deliveries()).isNotEmpty();
  }

  @Test
  void anEnvelopeWithHalfASurrogatePairIsFetched() {
    publish("q", 0, "{\"headers\": {\"argsrepr\": \"\\ud800\"}, \"properties\": {}, \"n\": 4}");

    assertThat(numbers(line("q", "a").exchange(List.of(), 5, false))).containsExactly(4);
  }

  @Test
  void withMemoryFullNothingIsFetchedAndEverythingIsSettled() {
    publish("q", 0, 1);
    publish("q", 0, 2);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    broker.fill();

    assertThatThrownBy(() -> line.exchange(List.of(), 1, false))
        .isInstanceOf(BrokerFullException.class);
    assertThat(waiting("q")).hasSize(1);
    assertThatThrownBy(() -> publish("q", 0, 3)).isInstanceOf(BrokerFullException.class);

    Exchange exchange =
        line.exchange(List.of(done(delivery, new Effect.StoreResult("t1", bytes("{}")))), 0, false);
    assertThat(exchange.fates()).containsExactly(Fate.SETTLED);
    broker.free();

    assertThat(transport.renew(List.of(delivery.tag()))).containsExactly(delivery.tag());
    assertThat(numbers(line.exchange(List.of(), 1, false))).containsExactly(2);
  }

  @Test
  void deliveriesAreCountedFromTheSecondOnUntilTheyAreForgotten() {
    assertThat(transport.countDelivery("tag")).isEqualTo(2);
    assertThat(transport.countDelivery("tag")).isEqualTo(3);
    assertThat(transport.countDelivery("another")).isEqualTo(2);
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);

    line.exchange(List.of(done(delivery, new Effect.ForgetDeliveries("tag"))), 0, false);

    assertThat(transport.countDelivery("tag")).isEqualTo(2);
    assertThat(transport.countDelivery("another")).isEqualTo(3);
  }
}
