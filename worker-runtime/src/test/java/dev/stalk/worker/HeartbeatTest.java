package dev.stalk.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.EventConfig;
import dev.stalk.broker.EventDispatcher;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.transport.BrokerUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class HeartbeatTest {
  private final RecordingFanout fanout = new RecordingFanout();
  private final EventDispatcher dispatcher =
      new EventDispatcher("a@b", fanout, EventConfig.DEFAULT, Clock.systemUTC());
  private final Heartbeat heartbeat =
      new Heartbeat(dispatcher, Duration.ofMillis(100), WorkerTime.system(), () -> 3, () -> 7L);

  @AfterEach
  void end() {
    heartbeat.stop();
    dispatcher.close();
  }

  private JsonNode next(String type) throws InterruptedException {
    JsonNode event = fanout.next();
    assertThat(event.get("type").stringValue()).isEqualTo(type);
    return event;
  }

  private static void assertLike(JsonNode event, String recorded) throws IOException {
    for (String version : List.of("celery-5.2.7", "celery-5.7.0")) {
      Path file = Path.of("../broker-client/src/test/resources/wire", version, "events", recorded);
      JsonNode theirs = JsonMapper.shared().readTree(Files.readAllBytes(file));
      List<String> names =
          theirs.propertyNames().stream().filter(name -> !name.equals("utcoffset")).toList();
      assertThat(List.copyOf(event.propertyNames())).isEqualTo(names);
      for (String name : names) {
        assertThat(event.get(name).getNodeType())
            .as(name)
            .isEqualTo(theirs.get(name).getNodeType());
      }
    }
  }

  @Test
  void aWorkerIsOnlineLivesAndGoesOffline() throws Exception {
    heartbeat.start();
    JsonNode online = next("worker-online");
    JsonNode alive = next("worker-heartbeat");
    next("worker-heartbeat");
    heartbeat.stop();
    dispatcher.close();

    List<JsonNode> rest = fanout.rest();
    JsonNode offline = rest.get(rest.size() - 1);
    assertThat(offline.get("type").stringValue()).isEqualTo("worker-offline");
    assertLike(online, "worker-online.json");
    assertLike(alive, "worker-heartbeat.json");
    assertLike(offline, "worker-offline.json");
    assertThat(alive.get("freq").doubleValue()).isEqualTo(0.1);
    assertThat(alive.get("active").intValue()).isEqualTo(3);
    assertThat(alive.get("processed").intValue()).isEqualTo(7);
    assertThat(alive.get("loadavg")).hasSize(3).allMatch(JsonNode::isFloatingPointNumber);
    assertThat(alive.get("sw_ident").stringValue()).isEqualTo("stalk");
  }

  @Test
  void itIsSilentWhileTheBrokerIsAwayAndOnlineAgainAfterwards() throws Exception {
    AtomicBoolean away = new AtomicBoolean(true);
    CountDownLatch tried = new CountDownLatch(8); // their pauses last for several beats
    heartbeat.start();
    next("worker-online");
    fanout.before(
        () -> {
          if (away.get()) {
            tried.countDown();
            throw new BrokerUnavailableException("away", null);
          }
        });
    assertThat(tried.await(30, TimeUnit.SECONDS)).isTrue();
    // what was sent before the first try failed waits; of the dozens of beats since, none does
    assertThat(dispatcher.waiting()).isLessThan(8);
    away.set(false);

    JsonNode event = fanout.next();
    while (event.get("type").stringValue().equals("worker-heartbeat")) {
      event = fanout.next(); // those under way when it went away
    }
    assertThat(event.get("type").stringValue()).isEqualTo("worker-online");
  }

  /** Does what is to be done when it is told to. */
  private static final class ByHand implements WorkerTime, WorkerTime.Scheduler {
    private Runnable action = () -> {};
    private Duration period = Duration.ZERO;
    private boolean closed;

    @Override
    public Clock clock() {
      return Clock.systemUTC();
    }

    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public void parkNanos(Object blocker, long nanos) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Scheduler scheduler(String threadName) {
      return this;
    }

    @Override
    public Future<?> after(Duration delay, Runnable action) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void every(Duration first, Duration period, Runnable action) {
      this.action = action;
      this.period = period;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void itBeatsByTheTimeOfItsWorker() throws Exception {
    ByHand time = new ByHand();
    Heartbeat byHand = new Heartbeat(dispatcher, Duration.ofHours(1), time, () -> 0, () -> 0L);
    byHand.start();
    assertThat(time.period).isEqualTo(Duration.ofHours(1));

    time.action.run();
    next("worker-online");
    time.action.run();
    next("worker-heartbeat");
    byHand.stop();

    next("worker-offline");
    assertThat(time.closed).isTrue();
  }

  @Test
  void whoNeverWasOnlineDoesNotGoOffline() {
    heartbeat.stop();
    dispatcher.send(new Event("worker-other", Map.of()));
    dispatcher.close();

    assertThat(fanout.rest()).hasSize(1);
  }
}
