package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tasks that wait for their time in Redis. */
class ParkedIT {
  private static final String MESSAGE =
      "{\"headers\": {}, \"properties\": {\"priority\": 6}, \"n\": %d}";
  private static final String STEP_6 = "q\u0006\u00166";

  /** Half a round trip to Redis on a busy machine, in milliseconds. */
  private static final long CLOCK_ERROR = 50;

  private Interop peers;
  private Transport transport;

  @BeforeEach
  void start() {
    peers = new Interop();
    transport = peers.closed(BrokerClient.transport(peers.config().build(), "test"));
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private void park(Transport with, int number, Instant due) {
    peers.redis().command("LPUSH", STEP_6, MESSAGE.formatted(number));
    try (QueueConnection line = with.consume(List.of("q"), "h" + number, () -> {})) {
      Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);
      line.exchange(
          List.of(new Settlement(held.tag(), List.of(new Effect.Park("q", due, held.message())))),
          0,
          false);
    }
  }

  private Worker worker(BrokerConfig broker, dev.stalk.worker.TaskHandler handler) {
    Worker worker =
        peers.closed(
            Worker.builder()
                .config(
                    WorkerConfig.builder()
                        .broker(broker)
                        .queue("q", new QueueConfig(4, 252))
                        .build())
                .task("late", handler)
                .metrics(new SimpleMeterRegistry())
                .build());
    worker.start();
    return worker;
  }

  private static TaskSignature at(Instant due, int number) {
    return TaskSignature.of("late", number, due.toEpochMilli()).on("q").notBefore(due);
  }

  /**
   * How late is printed; how late is too late is a question of the machine, so the limit is the
   * property {@code stalk.late}, in milliseconds. The aim on a machine that is not busy otherwise
   * is 250, with {@code stalk.parked} tasks up to 100,000. By default it only tells apart whoever
   * was woken from whoever missed that, and looks every 30 seconds.
   */
  @Test
  void parkedTasksRunSoonAfterTheirTimeAndNeverBefore() {
    int tasks = Integer.getInteger("stalk.parked", 500);
    Duration first = Duration.ofMillis(2000 + tasks / 3);
    Duration spread = Duration.ofMillis(3000 + tasks / 4);
    AtomicLongArray late = new AtomicLongArray(tasks);
    AtomicInteger done = new AtomicInteger();
    worker(
        peers.config().build(),
        (context, arguments) -> {
          int number = ((Number) arguments.positional().get(0)).intValue();
          long due = ((Number) arguments.positional().get(1)).longValue();
          late.set(number, System.currentTimeMillis() - due);
          done.incrementAndGet();
          return null;
        });
    BrokerClient client = peers.client();
    Instant start = Instant.now().plus(first);
    long heapBefore = usedHeap();
    List<TaskSignature> batch = new ArrayList<>();
    for (int i = 0; i < tasks; i++) {
      batch.add(at(start.plusMillis(spread.toMillis() * i / tasks), i));
    }
    client.sendAll(batch);
    batch.clear();
    Interop.await(
        Duration.ofMinutes(2),
        "all are parked",
        () -> peers.number("ZCARD", "stalk:parked") + done.get() >= tasks);
    long heapGrowth = usedHeap() - heapBefore;

    Interop.await(Duration.ofMinutes(3), "all have run", () -> done.get() >= tasks);

    long[] sorted = new long[tasks];
    for (int i = 0; i < tasks; i++) {
      sorted[i] = late.get(i);
    }
    Arrays.sort(sorted);
    System.out.printf(
        "%d parked tasks: first %d ms, p50 %d ms, p99 %d ms, last %d ms late; heap grew by %d KiB%n",
        tasks,
        sorted[0],
        sorted[tasks / 2],
        sorted[tasks * 99 / 100],
        sorted[tasks - 1],
        heapGrowth >> 10);
    assertThat(heapGrowth).isLessThan(32 << 20); // 100,000 messages are thrice that
    assertThat(done).hasValue(tasks);
    assertThat(sorted[0]).isGreaterThanOrEqualTo(-CLOCK_ERROR);
    assertThat(sorted[tasks * 99 / 100])
        .isLessThanOrEqualTo(Integer.getInteger("stalk.late", 20_000));
    Interop.await("nothing is left", () -> peers.number("HLEN", "unacked") == 0);
    assertThat(peers.number("ZCARD", "stalk:parked")).isZero();
  }

  private static long usedHeap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void whoReturnsThemIsOnDutyAndTheOthersComeALittleLater() {
    ParkedMessages first = peers.closed(transport.parked(() -> {}));
    Transport other = peers.closed(BrokerClient.transport(peers.config().build(), "test"));
    ParkedMessages second = peers.closed(other.parked(() -> {}));
    park(transport, 1, transport.time().minusSeconds(1));
    first.restoreDue();
    assertThat(peers.list(STEP_6)).containsExactly(MESSAGE.formatted(1));
    peers.redis().command("DEL", STEP_6);
    park(transport, 2, transport.time().plusSeconds(10));

    long asked = System.nanoTime();
    Duration onDuty = first.restoreDue();
    Duration offDuty = second.restoreDue();
    Duration asking = Duration.ofNanos(System.nanoTime() - asked);
    Duration later = offDuty.minus(onDuty);

    // both count from the moment they were answered, which is somewhere while they were asked
    assertThat(later.plus(asking)).isGreaterThan(Duration.ofMillis(35));
    assertThat(later).isLessThan(Duration.ofMillis(200));
  }

  @Test
  void manyThatAreDueTogetherReturnInFewStepsTheFirstToBeFetchedFirst() {
    Instant due = transport.time().minusSeconds(60);
    for (int i = 0; i < 20; i++) {
      park(transport, i, due.plusMillis(i));
    }
    long before = Commands.count(peers.redis(), "evalsha") + Commands.count(peers.redis(), "eval");

    peers.closed(transport.parked(() -> {})).restoreDue();

    long steps =
        Commands.count(peers.redis(), "evalsha") + Commands.count(peers.redis(), "eval") - before;
    assertThat(steps).isLessThanOrEqualTo(5);
    List<String> list = peers.list(STEP_6);
    assertThat(list).hasSize(20);
    assertThat(list.get(19)).isEqualTo(MESSAGE.formatted(0));
    assertThat(list.get(0)).isEqualTo(MESSAGE.formatted(19));
  }

  @Test
  void aMessageWhoseListIsNoneStaysParkedAndKeepsNoOthers() {
    park(transport, 1, transport.time().minusSeconds(2));
    peers.redis().command("SET", STEP_6, "not a list");
    ParkedMessages parked = peers.closed(transport.parked(() -> {}));

    parked.restoreDue();

    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
    assertThat(peers.number("ZCARD", "stalk:parked")).isEqualTo(1);
    peers.redis().command("DEL", STEP_6);
    Interop.await(
        "it returns",
        () -> {
          parked.restoreDue();
          return peers.number("LLEN", STEP_6) == 1;
        });
  }

  @Test
  void withoutAnyJavaWorkerPythonReturnsWhatIsDue() {
    Transport twoSeconds =
        peers.closed(
            BrokerClient.transport(
                peers
                    .config()
                    .visibilityTimeout(Duration.ofSeconds(2))
                    .lease(Duration.ofSeconds(1))
                    .build(),
                "test"));
    Instant due = twoSeconds.time().plusSeconds(3);
    park(twoSeconds, 1, due);
    PythonSession python = peers.python();
    python.eval(
        """
        import os
        from kombu import Connection
        connection = Connection(os.environ['REDIS_URL'], transport_options={'visibility_timeout': 2})
        channel = connection.default_channel
        def sweep():
            channel.qos._vrestore_count = 0
            channel.qos.restore_visible(num=None, interval=1)
        """);

    Interop.await(
        "Python returns it",
        () -> {
          python.eval("sweep()");
          return peers.number("LLEN", STEP_6) == 1;
        });

    assertThat(twoSeconds.time()).isAfterOrEqualTo(due);
    assertThat(peers.number("HLEN", "unacked")).isZero();
    ParkedMessages parked = peers.closed(twoSeconds.parked(() -> {}));
    Interop.await(
        "what Python returned is struck off",
        () -> {
          parked.restoreDue();
          return peers.number("ZCARD", "stalk:parked") == 0;
        });
    assertThat(peers.number("LLEN", STEP_6)).isEqualTo(1);
  }

  @Test
  void whereTheScheduleIsLostWhatIsParkedReturnsUnmarkedByTheVisibilityTimeout() {
    park(transport, 1, transport.time().minusSeconds(60));
    peers.redis().command("DEL", "stalk:parked");

    Interop.await("it returns", () -> transport.restoreVisible() == 1);

    assertThat(peers.list(STEP_6)).containsExactly(MESSAGE.formatted(1));
  }

  @Test
  void aTaskRunsOnceAndNotBeforeItsTimeThoughKombuHasAShorterVisibilityTimeout() {
    AtomicInteger runs = new AtomicInteger();
    List<Long> late = new ArrayList<>();
    worker(
        peers.config().build(),
        (context, arguments) -> {
          synchronized (late) {
            late.add(
                System.currentTimeMillis() - ((Number) arguments.positional().get(1)).longValue());
          }
          return runs.incrementAndGet();
        });
    PythonSession python = peers.python();
    python.eval(
        """
        import os
        from kombu import Connection
        connection = Connection(os.environ['REDIS_URL'], transport_options={'visibility_timeout': 1})
        channel = connection.default_channel
        def sweep():
            channel.qos._vrestore_count = 0
            channel.qos.restore_visible(num=None, interval=1)
        """);
    peers.client().send(at(Instant.now().plusSeconds(6), 1));

    Interop.await(
        "it runs",
        () -> {
          python.eval("sweep()");
          return runs.get() > 0 && peers.number("HLEN", "unacked") == 0;
        });

    assertThat(runs).hasValue(1);
    assertThat(late.get(0)).isGreaterThanOrEqualTo(-CLOCK_ERROR);
    assertThat(peers.number("LLEN", "q")).isZero();
  }
}
