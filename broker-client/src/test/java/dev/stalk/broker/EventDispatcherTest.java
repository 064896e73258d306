package dev.stalk.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class EventDispatcherTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:15:30.123456Z");
  private static final EventConfig SMALL = EventConfig.DEFAULT.withMemoryLimit(64 << 10);

  private final RecordingFanout fanout = new RecordingFanout();
  private EventDispatcher dispatcher = dispatcher(EventConfig.DEFAULT);

  private EventDispatcher dispatcher(EventConfig config) {
    return new EventDispatcher("a@b", fanout, config, Clock.fixed(NOW, ZoneOffset.UTC));
  }

  @AfterEach
  void end() {
    fanout.before(() -> {});
    dispatcher.close();
  }

  private static Event started(int number) {
    return new Event("task-started", Map.of("uuid", "id-" + number));
  }

  private static List<String> ids(List<JsonNode> events) {
    return events.stream().map(event -> event.get("uuid").stringValue()).toList();
  }

  /** Has the thread stand still in its next publish until the test says so. */
  private CountDownLatch holding() throws InterruptedException {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    fanout.before(
        () -> {
          entered.countDown();
          awaitUninterruptibly(release);
        });
    dispatcher.send(started(0));
    assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
    return release;
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertThat(latch.await(50, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean threadLives() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("stalk-events"));
  }

  @Test
  void eventsOfTasksAreAnArrayEvenAlone() throws Exception {
    dispatcher.send(started(1));

    RecordingFanout.Published message = fanout.next();
    assertThat(message.route()).isEqualTo(Route.fanout("celeryev", "task.multi"));
    assertThat(message.body().isArray()).isTrue();
    JsonNode event = message.body().get(0);
    assertThat(event.get("clock").longValue()).isOne();
    assertThat(event.get("timestamp").doubleValue()).isEqualTo(NOW.getEpochSecond() + 0.123456);
    assertThat(event.get("hostname").stringValue()).isEqualTo("a@b");
    assertThat(event.get("pid").longValue()).isEqualTo(ProcessHandle.current().pid());
  }

  @Test
  void whatComesWhileOthersArePublishedGoesTogetherInOrder() throws Exception {
    CountDownLatch release = holding();
    IntStream.rangeClosed(1, 100).forEach(number -> dispatcher.send(started(number)));
    release.countDown();

    assertThat(fanout.next().events()).hasSize(1);
    List<JsonNode> batch = fanout.next().events();
    assertThat(ids(batch))
        .isEqualTo(IntStream.rangeClosed(1, 100).mapToObj(number -> "id-" + number).toList());
    assertThat(batch.stream().map(event -> event.get("clock").longValue()))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void aBatchIsBounded() throws Exception {
    CountDownLatch release = holding();
    IntStream.rangeClosed(1, 300).forEach(number -> dispatcher.send(started(number)));
    release.countDown();

    fanout.next();
    assertThat(fanout.next().events()).hasSize(256);
    assertThat(fanout.next().events()).hasSize(44);
  }

  @Test
  void eventsOfTheWorkerGoAloneAndKeepTheirPlace() throws Exception {
    CountDownLatch release = holding();
    dispatcher.send(started(1));
    dispatcher.send(new Event("worker-heartbeat", Map.of("freq", 2.0)));
    dispatcher.send(started(2));
    release.countDown();

    fanout.next();
    assertThat(ids(fanout.next().events())).containsExactly("id-1");
    RecordingFanout.Published alone = fanout.next();
    assertThat(alone.route().routingKey()).isEqualTo("worker.heartbeat");
    assertThat(alone.body().isObject()).isTrue();
    assertThat(alone.body().get("freq").isFloatingPointNumber()).isTrue();
    assertThat(ids(fanout.next().events())).containsExactly("id-2");
  }

  @Test
  void aSentTaskAloneIsAnObject() throws Exception {
    dispatcher.send(new Event("task-sent", Map.of("uuid", "u")));

    RecordingFanout.Published message = fanout.next();
    assertThat(message.route().routingKey()).isEqualTo("task.sent");
    assertThat(message.body().isObject()).isTrue();
  }

  @Test
  void theExchangeIsTheConfigured() throws Exception {
    dispatcher = dispatcher(EventConfig.DEFAULT.withExchange("mine"));
    dispatcher.send(started(1));

    RecordingFanout.Published message = fanout.next();
    assertThat(message.route().exchange()).isEqualTo("mine");
    assertThat(message.envelope().at("/properties/delivery_info/exchange").stringValue())
        .isEqualTo("mine");
  }

  @Test
  void whatHappensWhileTheBrokerIsAwayIsPublishedOnceItIsBack() throws Exception {
    AtomicBoolean away = new AtomicBoolean(true);
    CountDownLatch tried = new CountDownLatch(2);
    fanout.before(
        () -> {
          tried.countDown();
          if (away.get()) {
            throw new BrokerUnavailableException("away", null);
          }
        });
    dispatcher.send(started(1));
    assertThat(tried.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(dispatcher.isAway()).isTrue();
    dispatcher.send(started(2));
    away.set(false);

    assertThat(ids(fanout.next(2))).containsExactly("id-1", "id-2");
    dispatcher.close();
    assertThat(dispatcher.isAway()).isFalse();
    assertThat(dispatcher.dropped()).isZero();
    assertThat(dispatcher.published()).isEqualTo(2);
  }

  @Test
  void theOldestAreDroppedAndCountedWhenThereIsNoMoreRoom() throws Exception {
    dispatcher = dispatcher(SMALL);
    CountDownLatch release = holding();
    String text = "x".repeat(1000);
    for (int i = 1; i <= 1000; i++) {
      dispatcher.send(new Event("task-started", Map.of("uuid", "id-" + i, "text", text)));
    }

    int kept = dispatcher.waiting();
    assertThat(kept).isBetween(10, 64); // of two bytes for a character
    assertThat(dispatcher.dropped()).isEqualTo(1000 - kept);
    release.countDown();

    fanout.next();
    assertThat(ids(fanout.next(kept)))
        .isEqualTo(
            IntStream.rangeClosed(1001 - kept, 1000).mapToObj(number -> "id-" + number).toList());
  }

  @Test
  void anEventThatIsLargerThanAllRoomIsDropped() throws Exception {
    dispatcher = dispatcher(SMALL);
    dispatcher.send(
        new Event("task-failed", Map.of("uuid", "1", "traceback", "x".repeat(1 << 16))));
    dispatcher.send(started(2));

    assertThat(ids(fanout.next(1))).containsExactly("id-2");
    assertThat(dispatcher.dropped()).isOne();
  }

  @Test
  void whatTheBrokerRefusesIsDroppedAndTheNextIsTried() throws Exception {
    CountDownLatch refused = new CountDownLatch(1);
    fanout.before(
        () -> {
          if (refused.getCount() > 0) {
            refused.countDown();
            throw new BrokerRefusedException("no right to publish", null);
          }
        });
    dispatcher.send(started(1));
    assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
    dispatcher.send(started(2));

    assertThat(ids(fanout.next(1))).containsExactly("id-2");
    assertThat(dispatcher.dropped()).isOne();
    assertThat(dispatcher.isAway()).isFalse();
  }

  @Test
  void closingPublishesWhatWaits() throws Exception {
    CountDownLatch release = holding();
    IntStream.rangeClosed(1, 300).forEach(number -> dispatcher.send(started(number)));
    release.countDown();

    dispatcher.close();

    assertThat(dispatcher.published()).isEqualTo(301);
    assertThat(fanout.next(301)).hasSize(301);
  }

  @Test
  void closingDoesNotWaitForABrokerThatIsAway() throws Exception {
    CountDownLatch tried = new CountDownLatch(1);
    fanout.before(
        () -> {
          tried.countDown();
          throw new BrokerUnavailableException("away", null);
        });
    dispatcher.send(started(1));
    assertThat(tried.await(30, TimeUnit.SECONDS)).isTrue();
    dispatcher.send(started(2));

    dispatcher.close();

    assertThat(dispatcher.dropped()).isEqualTo(2);
    assertThat(dispatcher.waiting()).isZero();
    assertThat(threadLives()).isFalse();
  }

  @Test
  void closingWaitsForASilentBrokerNoLongerThanItIsTold() throws Exception {
    CountDownLatch release = holding();
    long began = System.nanoTime();

    dispatcher.close(Duration.ZERO);

    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(4));
    release.countDown();
  }

  @Test
  void anEventThatCannotBePublishedForWhateverReasonCostsNoOther() throws Exception {
    AtomicBoolean broken = new AtomicBoolean(true);
    fanout.before(
        () -> {
          if (broken.getAndSet(false)) {
            throw new IllegalStateException("unforeseen");
          }
        });
    dispatcher.send(started(1));
    while (dispatcher.dropped() == 0) {
      Thread.onSpinWait();
    }

    dispatcher.send(started(2));

    assertThat(fanout.next(1)).hasSize(1);
  }

  @Test
  void whatIsSentAfterTheEndIsDropped() {
    dispatcher.close();

    dispatcher.send(started(1));

    assertThat(dispatcher.dropped()).isOne();
    assertThat(fanout.isEmpty()).isTrue();
  }

  @Test
  void withoutEventsThereIsNoThread() {
    assertThat(threadLives()).isFalse();
    assertThat(dispatcher.published()).isZero();
  }
}
