package dev.stalk.worker;

import static dev.stalk.broker.transport.Settlement.Fate.LAPSED;
import static dev.stalk.broker.transport.Settlement.Fate.REFUSED;
import static dev.stalk.broker.transport.Settlement.Fate.SETTLED;
import static dev.stalk.worker.Messages.aTaskMessage;
import static dev.stalk.worker.Messages.tag;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.QueueConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The loop, step by step: it asks, the test answers. */
@Timeout(120)
class QueueConsumerTest {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final FakeTransport transport = new FakeTransport();
  private final Gate gate = new Gate();
  private final SkippingTime time = new SkippingTime();
  private final List<QueueConsumer> started = new ArrayList<>();

  private QueueConsumer consumer(QueueConfig config) {
    TaskRegistry registry = new TaskRegistry();
    registry.add(
        new RegisteredTask("gate", gate, TaskOptions.builder().ignoreResult(true).build()));
    registry.add(
        new RegisteredTask("echo", (context, args) -> args.positional(), TaskOptions.DEFAULT));
    return new QueueConsumer(
        Messages.QUEUE,
        List.of(Messages.QUEUE),
        config,
        "worker:0",
        new Services(registry, transport).time(time).build(),
        new WorkerMetrics(meters));
  }

  private QueueConsumer started(int threads, int buffer) {
    return started(new QueueConfig(threads, buffer));
  }

  private QueueConsumer started(QueueConfig config) {
    QueueConsumer consumer = consumer(config);
    started.add(consumer);
    consumer.start();
    return consumer;
  }

  @AfterEach
  void endAll() throws Exception {
    for (QueueConsumer consumer : started) {
      line().settleByItself();
      gate.openAll();
      consumer.quiet();
      consumer.returnWaiting();
      assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
      assertThat(line().isClosed()).isTrue();
      consumer.close();
    }
  }

  private ScriptedConnection line() {
    return transport.connection(Messages.QUEUE);
  }

  /** A message whose task runs until the test opens the gate of its number. */
  private static Delivery gated(long number) {
    return aTaskMessage().task("gate").id(Long.toString(number)).delivery(number);
  }

  private static Delivery[] gated(long first, long last) {
    return LongStream.rangeClosed(first, last)
        .mapToObj(QueueConsumerTest::gated)
        .toArray(Delivery[]::new);
  }

  private void assertAsked(List<String> finished, int wanted, boolean arm)
      throws InterruptedException {
    ScriptedConnection.Request request = line().asked();
    assertThat(request.finishedTags()).isEqualTo(finished);
    assertThat(request.wanted()).isEqualTo(wanted);
    assertThat(request.arm()).isEqualTo(arm);
  }

  private double count(String counter) {
    return meters.get(counter).counter().count();
  }

  private double gauge(String gauge) {
    return meters.get(gauge).gauge().value();
  }

  // ---- places

  @Test
  void theFirstFetchIsForEveryPlace() throws Exception {
    started(2, 3);

    assertAsked(List.of(), 5, true);
  }

  @Test
  void nothingIsFetchedWithoutAFreePlace() throws Exception {
    started(2, 1);

    assertAsked(List.of(), 3, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    line().wake();
    assertAsked(List.of(), 1, true);
    line().find(gated(3));

    line().assertIdle();
    assertThat(List.of(gate.begun(), gate.begun())).containsExactlyInAnyOrder("1", "2");
    assertThat(gate.hasBegunMore()).isFalse();
  }

  @Test
  void aPlaceIsFreeAgainWhenItsTaskHasLeft() throws Exception {
    started(2, 1);
    assertAsked(List.of(), 3, true);
    line().find(gated(1), gated(2), gated(3));
    line().assertIdle();
    gate.begun();
    gate.begun();

    gate.open("2");

    assertAsked(List.of(tag(2)), 1, false);
    assertThat(gate.begun()).isEqualTo("3");
  }

  @Test
  void placesForWhichNothingWasFoundAreAskedForAgain() throws Exception {
    started(4, 0);
    assertAsked(List.of(), 4, true);

    line().find(gated(1));
    line().assertIdle();
    line().wake();

    assertAsked(List.of(), 3, true);
  }

  @Test
  void noExchangeFetchesMoreThan256() throws Exception {
    started(1, 1000);

    assertAsked(List.of(), 256, true);
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);
  }

  @Test
  void whereThereIsMoreTheNextExchangeIsAskedForBeforeWhatCameIsHandedOver() throws Exception {
    started(2, 1000);
    assertAsked(List.of(), 256, true);
    line().standStillAfterAsking();

    line().find(gated(1, 256));

    assertAsked(List.of(), 256, false);
    assertThat(gate.hasBegunMore()).isFalse();
    assertThat(gauge("stalk.queue.held")).isZero();
    line().workOn();
    assertThat(List.of(gate.begun(), gate.begun())).containsExactlyInAnyOrder("1", "2");
  }

  @Test
  void whatMayBeTheLastIsHandedOverAtOnce() throws Exception {
    started(2, 1000);
    assertAsked(List.of(), 256, true);
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);
    line().standStillAfterAsking();

    line().find(gated(257));

    assertThat(List.of(gate.begun(), gate.begun())).containsExactlyInAnyOrder("1", "2");
    assertAsked(List.of(), 256, true);
    assertThat(gauge("stalk.queue.held")).isEqualTo(257);
    line().workOn();
  }

  @Test
  void whatCameIsHandedOverBeforeTheNextExchangeIfThatWouldBeASmallOne() throws Exception {
    started(2, 5);
    assertAsked(List.of(), 7, true);
    line().standStillAfterAsking();

    line().findAndExpectMore(gated(1, 6));

    assertThat(List.of(gate.begun(), gate.begun())).containsExactlyInAnyOrder("1", "2");
    assertAsked(List.of(), 1, false);
    line().workOn();
  }

  @Test
  void whatCameIsHandedOverAlsoIfTheNextExchangeCannotBeAskedFor() throws Exception {
    started(2, 1000);
    assertAsked(List.of(), 256, true);

    line().findAndBeAway(new BrokerUnavailableException("away", null), gated(1, 256));

    assertThat(List.of(gate.begun(), gate.begun())).containsExactlyInAnyOrder("1", "2");
    assertAsked(List.of(), 256, false);
    assertThat(gauge("stalk.queue.held")).isEqualTo(256);
  }

  @Test
  void whatHasNotBeenHandedOverWhenAStopBeginsGoesBackInItsOrder() throws Exception {
    QueueConsumer consumer = started(2, 1000);
    assertAsked(List.of(), 256, true);
    line().standStillAfterAsking();
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);

    consumer.returnWaiting();
    line().workOn();
    line().findNothing();

    ScriptedConnection.Request request = line().asked();
    assertThat(request.wanted()).isZero();
    assertThat(request.finishedTags()).containsExactlyElementsOf(tagsDownFrom(256, 1));
    assertThat(gate.hasBegunMore()).isFalse();
  }

  private QueueConsumer with256OfWhichTwoRun() throws InterruptedException {
    QueueConsumer consumer = started(2, 1000);
    assertAsked(List.of(), 256, true);
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);
    assertThat(List.of(gate.begun(), gate.begun())).containsExactlyInAnyOrder("1", "2");
    return consumer;
  }

  /** Those that came last first, as each is put before those that are in the queue. */
  private void assertGoBackInOneOrder() throws InterruptedException {
    List<String> first = line().asked().finishedTags();
    line().findNothing();
    List<String> second = line().asked().finishedTags();

    assertThat(first).containsExactlyElementsOf(tagsDownFrom(512, 257));
    assertThat(second).containsExactlyElementsOf(tagsDownFrom(256, 3));
  }

  @Test
  void whatHasNotBeenHandedOverGoesBackInOneOrderWithWhatHasWaited() throws Exception {
    QueueConsumer consumer = with256OfWhichTwoRun();
    line().standStillAfterAsking();
    line().find(gated(257, 512));
    assertAsked(List.of(), 256, false);

    consumer.returnWaiting();
    line().workOn();
    line().findNothing();

    assertGoBackInOneOrder();
  }

  @Test
  void soItDoesIfTheStopBeginsWhileTheLoopIsAboutToAskForMore() throws Exception {
    QueueConsumer consumer = with256OfWhichTwoRun();

    time.atNextLook(consumer::returnWaiting); // the loop's, after it has seen that nobody stops it
    line().find(gated(257, 512));

    assertGoBackInOneOrder();
  }

  private static List<String> tagsDownFrom(long first, long last) {
    return LongStream.rangeClosed(last, first)
        .mapToObj(number -> tag(first + last - number))
        .toList();
  }

  @Test
  void whatWasKeptForHalfALeaseBeforeItCouldBeHandedOverGoesBackUnbegun() throws Exception {
    started(2, 1000);
    assertAsked(List.of(), 256, true);
    line().standStillAfterAsking();
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);

    time.skip(30);
    line().workOn();
    line().findNothing();

    ScriptedConnection.Request request = line().asked();
    assertThat(request.finishedTags()).containsExactlyElementsOf(tagsDownFrom(256, 1));
    assertThat(request.finished().get(0).effects())
        .singleElement()
        .isInstanceOfSatisfying(
            Effect.Return.class,
            back -> assertThat(back.publication().message()).isEqualTo(gated(256).message()));
    assertThat(gate.hasBegunMore()).isFalse();
  }

  /** As after a stop of the process: others have it by now, or a renewal will say that not. */
  @Test
  void whatHasWaitedWhileTheLeaseEndedGoesBackUnbegun() throws Exception {
    started(1, 2);
    line().asked();
    line().find(gated(1, 3));
    line().assertIdle();
    gate.begun();

    time.skip(61);
    gate.open("1");

    Set<String> back = new HashSet<>();
    while (back.size() < 3) {
      line().asked().finished().stream().map(Settlement::tag).forEach(back::add);
      line().findNothing();
    }
    assertThat(gate.hasBegunMore()).isFalse();
    assertThat(meters.get("stalk.queue.given.back").counter().count()).isEqualTo(2);
  }

  @Test
  void whatIsFetchedAfterALeaseWithoutASignOfLifeIsBegun() throws Exception {
    started(1, 2);
    line().asked();
    line().findNothing();
    line().assertIdle();

    time.skip(61);
    line().wake();
    line().asked();
    line().find(gated(1));

    assertThat(gate.begun()).isEqualTo("1");
  }

  @Test
  void whatGoesWrongWhileTheBrokerWorksCostsNoPlaceAndNoMessage() throws Exception {
    started(2, 1000);
    assertAsked(List.of(), 256, true);
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);
    gate.begun();
    gate.begun();

    line().fail(new OutOfMemoryError("made by the test"));

    assertAsked(List.of(), 256, false);
    line().find(gated(257, 512));
    assertAsked(List.of(), 256, false);
    line().find(gated(513, 768));
    assertAsked(List.of(), 234, false);
  }

  @Test
  void whatHasNotBeenHandedOverCountsForTheMemoryItTakes() throws Exception {
    QueueConsumer consumer =
        started(QueueConfig.builder().threads(2).buffer(1000).memoryLimit(1024).build());
    assertAsked(List.of(), 256, true);

    line().find(gated(1, 256));

    line().assertIdle();
    assertThat(consumer.heldBytes()).isGreaterThan(1024);
  }

  @Test
  void heldAndRunningMessagesAreMeasured() throws Exception {
    started(1, 2);
    assertAsked(List.of(), 3, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    gate.begun();

    assertThat(gauge("stalk.queue.held")).isEqualTo(2);
    assertThat(gauge("stalk.queue.running")).isEqualTo(1);
    assertThat(gauge("stalk.queue.threads")).isEqualTo(1);
    assertThat(count("stalk.queue.fetched")).isEqualTo(2);
    assertThat(count("stalk.queue.exchanges")).isEqualTo(1);
  }

  // ---- settling

  @Test
  void whatHasFinishedIsSettledTogetherWithTheNextFetch() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(aTaskMessage().task("gate").id("1").ignoreResult(false).delivery(1));
    line().assertIdle();

    gate.open("1");

    ScriptedConnection.Request request = line().asked();
    assertThat(request.wanted()).isEqualTo(2);
    assertThat(request.finishedTags()).containsExactly(tag(1));
    assertThat(request.finished().get(0).effects())
        .singleElement()
        .isInstanceOf(Effect.StoreResult.class);
    assertThat(consumer.heldTags()).containsExactly(tag(1));

    line().findNothing();
    assertAsked(List.of(), 2, true); // what was settled without arming is followed by a look
    line().findNothing();
    line().assertIdle();
    assertThat(consumer.heldTags()).isEmpty();
    assertThat(count("stalk.queue.settled")).isEqualTo(1);
  }

  @Test
  void noExchangeSettlesMoreThan256() throws Exception {
    QueueConsumer consumer = started(1, 999);
    assertAsked(List.of(), 256, true);
    line().find(gated(1, 256));
    assertAsked(List.of(), 256, false);
    line().find(gated(257, 301));
    assertAsked(List.of(), 256, true);
    gate.begun();

    consumer.quiet();
    consumer.returnWaiting();
    line().findNothing();

    assertThat(line().asked().finished()).hasSize(256);
    line().decide(Collections.nCopies(256, SETTLED).toArray(Settlement.Fate[]::new));
    assertThat(line().asked().finished()).hasSize(44);
  }

  @Test
  void aFailedExchangeKeepsItsSettlementsAndFreesItsPlaces() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1));
    line().assertIdle();
    gate.open("1");
    assertAsked(List.of(tag(1)), 2, false);

    line().fail(new BrokerUnavailableException("away", null));
    assertAsked(List.of(tag(1)), 2, false);
    line().fail(new BrokerFullException("full", null));
    assertAsked(List.of(tag(1)), 2, false);

    assertThat(consumer.heldTags()).containsExactly(tag(1));
    line().findNothing();
    assertAsked(List.of(), 2, true); // what was settled without arming is followed by a look
    line().findNothing();
    line().assertIdle();
    assertThat(consumer.heldTags()).isEmpty();
    assertThat(count("stalk.queue.settled")).isEqualTo(1);
  }

  @Test
  void aLineThatBreaksItsWordIsTriedAgainToo() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);

    line().fail(new IllegalStateException("a bug"));
    assertAsked(List.of(), 2, true);
    line().fail(new NoClassDefFoundError("a broken class path"));

    assertAsked(List.of(), 2, true);
  }

  @Test
  void noNoticeCutsThePauseAfterAFailureShort() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);
    long failed = System.nanoTime();

    line().fail(new BrokerUnavailableException("away", null));
    line().wake();

    assertAsked(List.of(), 2, true);
    assertThat(System.nanoTime() - failed).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(9));
  }

  @Test
  void whatWasFetchedBeforeSomethingStoppedTheFetchIsRun() throws Exception {
    QueueConsumer consumer = started(3, 0);
    assertAsked(List.of(), 3, true);

    line().findAndFail(new BrokerFullException("full", null), gated(1));

    assertThat(gate.begun()).isEqualTo("1");
    assertAsked(List.of(), 2, true);
    assertThat(consumer.heldTags()).containsExactly(tag(1));
  }

  @Test
  void aFetchThatEndedEarlyIsContinuedAtOnce() throws Exception {
    started(3, 0);
    assertAsked(List.of(), 3, true);

    line().findAndExpectMore(gated(1));

    assertAsked(List.of(), 2, false);
  }

  @Test
  void whatFinishesDuringAnOutageJoinsWhatIsKept() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    gate.open("1");
    assertAsked(List.of(tag(1)), 1, false);

    gate.open("2");
    ScriptedConnection.Request request;
    do {
      line().fail(new BrokerUnavailableException("away", null));
      request = line().asked();
      assertThat(request.finishedTags()).startsWith(tag(1));
    } while (request.finished().size() < 2);

    assertThat(request.finishedTags()).containsExactly(tag(1), tag(2));
  }

  @Test
  void whatHasLapsedIsDroppedAndCounted() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1));
    line().assertIdle();
    gate.open("1");
    assertAsked(List.of(tag(1)), 2, false);

    line().decide(LAPSED);
    assertAsked(List.of(), 2, true); // what was settled without arming is followed by a look
    line().findNothing();

    line().assertIdle();
    assertThat(consumer.heldTags()).isEmpty();
    assertThat(count("stalk.queue.lapsed")).isEqualTo(1);
    assertThat(count("stalk.queue.settled")).isZero();
  }

  @Test
  void aRefusedOutcomeIsReplacedByQuarantineAndIfThatIsRefusedDropped() throws Exception {
    QueueConsumer consumer = started(2, 0);
    Delivery delivery = aTaskMessage().task("gate").id("1").ignoreResult(false).delivery(1);
    assertAsked(List.of(), 2, true);
    line().find(delivery);
    line().assertIdle();
    gate.open("1");
    assertAsked(List.of(tag(1)), 2, false);

    line().decide(REFUSED);
    ScriptedConnection.Request again = line().asked();
    assertThat(again.finished())
        .containsExactly(
            new Settlement(
                tag(1),
                List.of(
                    new Effect.Quarantine(
                        Messages.QUEUE,
                        "its outcome could not be written",
                        1,
                        delivery.message()))));
    assertThat(consumer.heldTags()).containsExactly(tag(1));

    line().decide(REFUSED);
    assertAsked(List.of(), 2, true); // what was settled without arming is followed by a look
    line().findNothing();
    line().assertIdle();
    assertThat(consumer.heldTags()).isEmpty();
    assertThat(count("stalk.queue.settled")).isZero();
  }

  @Test
  void everySettlementHasItsOwnFate() throws Exception {
    QueueConsumer consumer = started(1, 4);
    assertAsked(List.of(), 5, true);
    line().find(gated(1, 4));
    line().assertIdle();
    gate.begun();
    consumer.quiet();
    consumer.returnWaiting();
    assertAsked(List.of(tag(4), tag(3), tag(2)), 0, false);

    line().decide(LAPSED, REFUSED, SETTLED);

    assertAsked(List.of(tag(3)), 0, false);
    assertThat(consumer.heldTags()).containsExactlyInAnyOrder(tag(1), tag(3));
    assertThat(count("stalk.queue.lapsed")).isEqualTo(1);
    assertThat(count("stalk.queue.settled")).isEqualTo(1);
  }

  // ---- waiting

  @Test
  void theBrokersNoticeIsAskedForOnlyAfterAFetchThatEmptiedTheQueue() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1), gated(2));
    line().assertIdle();

    gate.open("1");
    assertAsked(List.of(tag(1)), 1, false);
    line().find(gated(3));
    line().assertIdle();
    gate.open("2");
    assertAsked(List.of(tag(2)), 1, false);
    line().findNothing();

    assertAsked(List.of(), 1, true);
    line().findNothing();
    line().assertIdle();
  }

  @Test
  void messagesPutAsideCountAsFound() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);

    line().findUnreadable(2);

    assertAsked(List.of(), 2, false);
    assertThat(count("stalk.queue.quarantined")).isEqualTo(2);
  }

  @Test
  void anEmptyQueueIsLookedAtAgainWhenTheBrokerGivesNotice() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);
    line().findNothing();
    line().assertIdle();

    line().wake();

    assertAsked(List.of(), 2, true);
  }

  @Test
  void aNoticeDuringTheExchangeIsNotLost() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);

    line().wake();
    line().findNothing();

    assertAsked(List.of(), 2, true);
    line().findNothing();
    line().assertIdle();
  }

  @Test
  void afterNoticesInVainALineLetsOthersGoFirstUntilItFindsSomethingAgain() throws Exception {
    started(2, 0);
    assertAsked(List.of(), 2, true);
    line().findNothing();
    long waited = 0;
    for (int i = 0; i < 30; i++) {
      line().assertIdle();
      long noticed = System.nanoTime();
      line().wake();
      assertAsked(List.of(), 2, true);
      waited += System.nanoTime() - noticed;
      line().findNothing();
    }
    assertThat(waited).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(60)); // 750 on the average
    line().assertIdle();
    line().wake();
    assertAsked(List.of(), 2, true);
    line().find(gated(1));
    line().assertIdle();

    line().wake();

    assertAsked(List.of(), 1, true);
  }

  @Test
  void withoutNoticeTheQueueIsPolledWithBoundedPauses() throws Exception {
    started(2, 0);
    line().givesNoNotice();
    long start = System.nanoTime();

    for (int i = 0; i < 13; i++) { // pauses that doubled for ever would add up to 8 seconds
      assertAsked(List.of(), 2, true);
      line().findNothing();
    }
    assertAsked(List.of(), 2, true);

    long growing = IntStream.range(0, 7).map(i -> 2 << i).sum();
    assertThat(System.nanoTime() - start)
        .isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(growing))
        .isLessThan(TimeUnit.SECONDS.toNanos(7));
  }

  // ---- leases

  @Test
  void aWaitingMessageWhoseLeaseIsLostIsNeverRun() throws Exception {
    QueueConsumer consumer = started(1, 1);
    assertAsked(List.of(), 2, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    gate.begun();

    consumer.lost(tag(2));
    consumer.lost(tag(2));

    assertThat(consumer.heldTags()).containsExactly(tag(1));
    assertThat(count("stalk.queue.lapsed")).isEqualTo(1);
    gate.open("1");
    assertThat(line().asked().finishedTags()).containsExactly(tag(1));
    line().findNothing();
    ScriptedConnection.Request request = line().asked();
    while (request.wanted() < 2) { // until the pool has come upon the lost one
      line().findNothing();
      request = line().asked();
    }
    assertThat(gate.hasBegunMore()).isFalse();
  }

  @Test
  void aRunningMessageWhoseLeaseIsLostIsLeftToItsSettlement() throws Exception {
    QueueConsumer consumer = started(1, 0);
    assertAsked(List.of(), 1, true);
    line().find(gated(1));
    line().assertIdle();
    gate.begun();

    consumer.lost(tag(1));
    consumer.lost("unknown");

    assertThat(consumer.heldTags()).containsExactly(tag(1));
    assertThat(count("stalk.queue.lapsed")).isZero();
    gate.open("1");
    assertAsked(List.of(tag(1)), 1, false);
  }

  // ---- stopping

  @Test
  void aQuietConsumerSettlesButDoesNotFetch() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1));
    line().assertIdle();

    consumer.quiet();
    line().wake();
    line().assertIdle();
    gate.open("1");

    assertAsked(List.of(tag(1)), 0, false);
    line().findNothing();
    line().assertIdle();
  }

  @Test
  void whatHasNotBegunIsReturnedNewestFirstMarkedAndAtItsPriority() throws Exception {
    QueueConsumer consumer = started(1, 3);
    List<Delivery> deliveries = new ArrayList<>();
    for (int number = 1; number <= 4; number++) {
      Messages message = aTaskMessage().task("gate").id(Integer.toString(number));
      deliveries.add(message.priority(2 * number).args("\u00e9", number).delivery(number));
    }
    assertAsked(List.of(), 4, true);
    line().find(deliveries.toArray(Delivery[]::new));
    line().assertIdle();
    gate.begun();

    consumer.quiet();
    consumer.returnWaiting();

    ScriptedConnection.Request request = line().asked();
    assertThat(request.wanted()).isZero();
    assertThat(request.finishedTags()).containsExactly(tag(4), tag(3), tag(2));
    for (int i = 0; i < 3; i++) {
      Delivery original = deliveries.get(3 - i);
      Publication back = returned(request.finished().get(i));
      assertThat(back.queue()).isEqualTo(Messages.QUEUE);
      assertThat(back.priority()).isEqualTo(2 * (4 - i));
      assertThat(back.message()).isEqualTo(Redelivery.mark(original.message()));
      TaskMessage decoded = MessageCodec.decode(back.message());
      assertThat(decoded.properties().redelivered()).isTrue();
      assertThat(decoded.body()).isEqualTo(MessageCodec.decode(original.message()).body());
    }
    assertThat(gate.interrupted()).isEmpty();
  }

  private static Publication returned(Settlement settlement) {
    assertThat(settlement.effects()).singleElement().isInstanceOf(Effect.Return.class);
    return ((Effect.Return) settlement.effects().get(0)).publication();
  }

  @Test
  void whatCannotBeReadIsReturnedUnchangedAtTheFirstPriority() throws Exception {
    QueueConsumer consumer = started(1, 1);
    Delivery unreadable = Messages.delivery(2, "{\"headers\": 1}");
    assertAsked(List.of(), 2, true);
    line().find(gated(1), unreadable);
    line().assertIdle();
    gate.begun();

    consumer.quiet();
    consumer.returnWaiting();

    Publication back = returned(line().asked().finished().get(0));
    assertThat(back.message()).isEqualTo(unreadable.message());
    assertThat(back.priority()).isZero();
  }

  @Test
  void whatRunsIsInterruptedAndReturnedAndItsOutcomeNeverSettled() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    gate.begun();
    gate.begun();
    consumer.quiet();
    consumer.returnWaiting();

    assertThat(consumer.returnRunning()).isEqualTo(2);

    List<String> settled = new ArrayList<>();
    while (settled.size() < 2) {
      ScriptedConnection.Request request = line().asked();
      request.finished().forEach(QueueConsumerTest::returned);
      settled.addAll(request.finishedTags());
      line().findNothing();
    }
    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    consumer.close();
    assertThat(settled).containsExactlyInAnyOrder(tag(1), tag(2));
    assertThat(gate.interrupted()).containsExactlyInAnyOrder("1", "2");
    assertThat(consumer.returnRunning()).isZero();
  }

  @Test
  void theLoopEndsOnlyWhenEverythingIsSettled() throws Exception {
    QueueConsumer consumer = started(1, 1);
    assertAsked(List.of(), 2, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    gate.begun();

    consumer.quiet();
    consumer.returnWaiting();
    assertAsked(List.of(tag(2)), 0, false);
    line().fail(new BrokerUnavailableException("away", null));
    assertAsked(List.of(tag(2)), 0, false);
    line().findNothing();
    line().assertIdle();
    assertThat(consumer.awaitEnd(1)).isFalse();
    gate.open("1");
    assertAsked(List.of(tag(1)), 0, false);
    assertThat(line().isClosed()).isFalse();
    line().findNothing();

    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    assertThat(line().isClosed()).isTrue();
  }

  @Test
  void aConsumerThatIsToEndFetchesNoMore() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);
    line().find(gated(1));
    line().assertIdle();
    gate.begun();

    consumer.returnWaiting();
    gate.open("1");

    assertAsked(List.of(tag(1)), 0, false);
  }

  @Test
  void anIdleConsumerEndsAtOnce() throws Exception {
    QueueConsumer consumer = started(1, 1);
    assertAsked(List.of(), 2, true);
    line().findNothing();
    line().assertIdle();

    consumer.quiet();
    consumer.returnWaiting();

    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    assertThat(line().isClosed()).isTrue();
  }

  @Test
  void whatIsOnItsWayWhenTheStopBeginsIsReturnedUnbegun() throws Exception {
    QueueConsumer consumer = started(2, 0);
    assertAsked(List.of(), 2, true);

    consumer.quiet();
    consumer.returnWaiting();
    line().find(gated(1), gated(2));

    ScriptedConnection.Request request = line().asked();
    assertThat(request.wanted()).isZero();
    assertThat(request.finishedTags()).containsExactlyInAnyOrder(tag(1), tag(2));
    request.finished().forEach(QueueConsumerTest::returned);
    line().findNothing();
    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    assertThat(gate.hasBegunMore()).isFalse();
  }

  @Test
  void whatRunsInAnAbandonedConsumerIsInterrupted() throws Exception {
    QueueConsumer consumer = started(1, 0);
    assertAsked(List.of(), 1, true);
    line().find(gated(1));
    line().assertIdle();
    gate.begun();
    consumer.quiet();

    consumer.abandon();

    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    consumer.close();
    assertThat(gate.interrupted()).containsExactly("1");
  }

  @Test
  void anAbandonedConsumerEndsWithWhatItHolds() throws Exception {
    QueueConsumer consumer = started(1, 0);
    assertAsked(List.of(), 1, true);
    line().find(gated(1));
    line().assertIdle();
    gate.begun();
    consumer.quiet();
    consumer.returnWaiting();

    consumer.abandon();

    assertThat(consumer.awaitEnd(PATIENCE)).isTrue();
    assertThat(line().isClosed()).isTrue();
    assertThat(consumer.heldTags()).isEmpty();
  }

  @Test
  void stoppingTwiceReturnsNothingTwice() throws Exception {
    QueueConsumer consumer = started(1, 1);
    assertAsked(List.of(), 2, true);
    line().find(gated(1), gated(2));
    line().assertIdle();
    gate.begun();

    consumer.quiet();
    consumer.returnWaiting();
    consumer.quiet();
    consumer.returnWaiting();

    assertAsked(List.of(tag(2)), 0, false);
    line().findNothing();
    line().assertIdle();
  }

  @Test
  void whatWasNeverStartedCanBeStopped() throws Exception {
    QueueConsumer consumer = consumer(new QueueConfig(1, 1));

    consumer.quiet();
    consumer.returnWaiting();
    assertThat(consumer.returnRunning()).isZero();

    assertThat(consumer.awaitEnd(1)).isTrue();
    consumer.close();
    consumer.close();
    assertThat(meters.find("stalk.queue.held").gauge()).isNull();
  }
}
