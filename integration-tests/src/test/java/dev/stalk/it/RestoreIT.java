package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Transport;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a dead worker of one language held is restored by the other. */
class RestoreIT {
  private static final Duration VISIBILITY = Duration.ofSeconds(2);
  private static final String STEP_3 = "\u0006\u00163";

  /** Kombu itself, with names for what the tests do with it. */
  private static final String KOMBU =
      """
      import os
      from kombu import Connection, Exchange, Queue
      from kombu.utils.json import dumps, loads
      def connect(visibility_timeout=1):
          return Connection(os.environ['REDIS_URL'],
                            transport_options={'visibility_timeout': visibility_timeout})
      connection = connect()
      channel = connection.default_channel
      redis = channel.client
      def sweep():
          channel.qos._vrestore_count = 0
          channel.qos.restore_visible(num=None, interval=1)
      def get(queue):
          return channel.basic_get(queue)
      """;

  private Interop peers;
  private Transport transport;

  @BeforeEach
  void start() {
    peers = new Interop();
    transport = transport();
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private Transport transport() {
    return peers.closed(
        BrokerClient.transport(
            peers.config().visibilityTimeout(VISIBILITY).lease(Duration.ofSeconds(1)).build(),
            "test"));
  }

  private PythonSession kombu(String celery) {
    PythonSession python =
        peers.closed(
            PythonSession.builder(PythonEnvironment.celery(celery))
                .module("interop")
                .directory(Interop.pythonSources())
                .environment("REDIS_URL", peers.redis().url())
                .start());
    python.eval(KOMBU);
    return python;
  }

  /** As the kernel does it when memory is short: nothing is restored on the way out. */
  private static void kill(PythonSession python) {
    ProcessHandle process = ProcessHandle.of(python.pid()).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }

  private QueueConnection line(String queue) {
    return peers.closed(transport.consume(List.of(queue), "a", () -> {}));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private double now() {
    return transport.time().toEpochMilli() / 1000.0;
  }

  private void put(String tag, double score, String value) {
    peers.redis().command("HSET", "unacked", tag, value);
    peers.redis().command("ZADD", "unacked_index", Double.toString(score), tag);
  }

  private static String envelope(int number) {
    return ("{\"body\": \"W10=\", \"content-type\": \"application/json\", \"headers\": {},"
            + " \"properties\": {\"delivery_tag\": \"t%d\", \"priority\": 5, \"delivery_info\":"
            + " {\"exchange\": \"\", \"routing_key\": \"q\"}}, \"n\": %d}")
        .formatted(number, number);
  }

  private static String marked(int number) {
    return envelope(number)
        .replace("\"headers\": {}", "\"headers\": {\"redelivered\": true}")
        .replace("\"routing_key\": \"q\"}", "\"routing_key\": \"q\", \"redelivered\": true}");
  }

  // ---- RT-30, RT-31: kombu restores what Java held

  @ParameterizedTest
  @CsvSource({"5.7, true", "5.2, false"})
  void kombuRestoresWhatADeadJavaWorkerHeldAndJavaRunsIt(String celery, boolean keepsPriority) {
    BrokerClient client = peers.client();
    client.send(TaskSignature.of("java.add", 1, 2).on("q").withPriority(5));
    client.send(TaskSignature.of("java.add", 1, 2).on("q").withPriority(5));
    Delivery held = line("q").exchange(List.of(), 1, false).deliveries().get(0);
    PythonSession kombu = kombu(celery);

    String list = keepsPriority ? "q" + STEP_3 : "q";
    Interop.await(
        "kombu restores it",
        () -> {
          kombu.eval("sweep()");
          return peers.number("HLEN", "unacked") == 0;
        });

    List<String> restored = peers.list(list);
    String last = restored.get(restored.size() - 1);
    assertThat(last).contains("\"redelivered\": true").contains(id(text(held.message())));
    assertThat(restored).hasSize(keepsPriority ? 2 : 1);
    assertThat(peers.number("ZCARD", "unacked_index")).isZero();
    assertThat(text(line("q").exchange(List.of(), 1, false).deliveries().get(0).message()))
        .isEqualTo(last);
  }

  private static String id(String message) {
    return message.replaceAll("(?s).*\"id\": \"([^\"]+)\".*", "$1");
  }

  // ---- RT-32: topic exchanges

  @Test
  void whatCameThroughATopicExchangeReturnsToItsOwnQueueOnceFromASweeperThatNeverDeclaredIt() {
    PythonSession publisher = kombu("5.7");
    publisher.eval(
        """
        exchange = Exchange('news', type='topic')
        for name in ('one', 'two'):
            Queue(name, exchange, 'foo.#')(channel).declare()
        connection.Producer().publish({'n': 1}, exchange=exchange, routing_key='foo.bar')
        """);
    assertThat(peers.number("LLEN", "two")).isEqualTo(1);
    line("one").exchange(List.of(), 1, false);
    PythonSession sweeper = kombu("5.7");

    Interop.await(
        "kombu restores it",
        () -> {
          sweeper.eval("sweep()");
          return peers.number("HLEN", "unacked") == 0;
        });

    assertThat(peers.number("LLEN", "one")).isEqualTo(1);
    assertThat(peers.number("LLEN", "two")).isEqualTo(1);
  }

  @Test
  void javaRoutesWhatPythonHeldThroughATopicExchangeAsKombuDoes() {
    PythonSession doomed = kombu("5.7");
    doomed.eval(
        """
        exchange = Exchange('news', type='topic')
        Queue('one', exchange, 'foo.*.b_a-r')(channel).declare()
        Queue('two', exchange, 'foo.#')(channel).declare()
        Queue('other', exchange, 'bar.#')(channel).declare()
        connection.Producer().publish({'n': 1}, exchange=exchange, routing_key='foo.x.b_a-r')
        get('two'); get('one')
        """);
    kill(doomed);
    assertThat(peers.number("HLEN", "unacked")).isPositive();

    Interop.await("Java restores it", () -> transport.restoreVisible() > 0);

    assertThat(peers.number("LLEN", "one")).isEqualTo(1);
    assertThat(peers.number("LLEN", "two")).isEqualTo(1);
    assertThat(peers.number("LLEN", "other")).isZero();
    assertThat(peers.number("HLEN", "unacked")).isZero();
  }

  // ---- RT-33: Java restores what kombu held

  @ParameterizedTest
  @ValueSource(strings = {"5.7", "5.2"})
  void javaRestoresWhatADeadPythonWorkerHeldByteForByteAndJavaOrPythonRunsIt(String celery) {
    PythonSession doomed = kombu(celery);
    for (int i = 1; i <= 3; i++) {
      peers.redis().command("LPUSH", "q" + STEP_3, envelope(i));
    }
    doomed.eval("get('q'); get('q')");
    kill(doomed);
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(2);

    double held = oldest();
    int restored = transport.restoreVisible();
    assertThat(restored == 0 || now() - held >= VISIBILITY.toSeconds())
        .as("nothing is restored before the visibility timeout")
        .isTrue();
    for (int i = 0; restored == 0 && i < 100; i++) {
      Interop.await("the visibility timeout", () -> now() - oldest() > 2.05);
      restored = transport.restoreVisible();
    }

    assertThat(restored).isEqualTo(2);
    assertThat(peers.list("q" + STEP_3)).containsExactly(envelope(3), marked(2), marked(1));
    assertThat(peers.number("HLEN", "unacked")).isZero();
    assertThat(peers.number("ZCARD", "unacked_index")).isZero();
    assertThat(peers.number("EXISTS", "unacked_mutex")).isZero();
  }

  private double oldest() {
    List<?> last =
        (List<?>) peers.redis().command("ZREVRANGE", "unacked_index", "0", "0", "WITHSCORES");
    return Double.parseDouble((String) last.get(1));
  }

  // ---- RT-34, RT-35, RT-41: what cannot be restored

  @Test
  void anEntryWhoseExchangeHasNoBindingsIsKeptUntilItHasOne() {
    put("t1", now() - 60, "[" + envelope(1) + ", \"gone\", \"key\"]");
    put("t2", now() - 50, "[" + envelope(2) + ", \"\", \"q\"]");

    assertThat(transport.restoreVisible()).isEqualTo(1);
    assertThat(transport.restoreVisible()).isZero();

    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of("t1"));
    assertThat(peers.number("ZCARD", "unacked_index")).isEqualTo(1);
    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(2));

    peers.redis().command("SADD", "_kombu.binding.gone", "key\u0006\u0016\u0006\u0016q");
    assertThat(transport.restoreVisible()).isEqualTo(1);
    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(2), marked(1));
  }

  @Test
  void malformedEntriesArePutAsideSoThatOlderOnesReturnAndPythonWorkersStart() {
    List<String> malformed =
        List.of(
            "no json",
            "[" + envelope(7) + ", \"q\"]",
            "{}",
            "[{\"headers\": null, \"properties\": {}}, \"\", \"q\"]",
            "[" + envelope(8) + ", \"\", \"\"]");
    for (int i = 0; i < malformed.size(); i++) {
      put("bad" + i, now() - 60 - i, malformed.get(i));
    }
    put("good", now() - 100, "[" + envelope(1) + ", \"\", \"q\"]");
    PythonSession kombu = kombu("5.7");
    assertThatThrownBy(() -> kombu.eval("sweep()")).isInstanceOf(PythonRaised.class);

    transport.restoreVisible();

    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(1));
    assertThat(peers.number("HLEN", "unacked")).isZero();
    assertThat(peers.list("unacked.quarantine"))
        .map(entry -> entry.substring(entry.indexOf('\n') + 1))
        .containsExactlyInAnyOrderElementsOf(malformed);
    assertThat(peers.list("unacked.quarantine"))
        .allSatisfy(entry -> assertThat(entry).startsWith("{\"reason\": \""));
    peers.celeryWorker(1, "python"); // its first sweep would have ended it
  }

  @Test
  void aBrokenMessageOfAForgottenLineIsPutAsideForItsOwnQueueByteForByte() {
    String broken = "{\"body\": \"\", \"headers\": {\"a\": nul}, \"properties\": {}}";
    put("stalk:held:gone:1", now() - 60, "[" + broken + ",\"\",\"q\"]");

    Interop.await(
        "it is put aside", () -> transport.restoreVisible() + peers.number("HLEN", "unacked") == 0);

    assertThat(peers.list("q.quarantine"))
        .map(entry -> entry.substring(entry.indexOf('\n') + 1))
        .containsExactly(broken);
    assertThat(peers.list("q.quarantine").get(0)).contains("\"queue\": \"q\"");
    assertThat(peers.number("EXISTS", "unacked.quarantine", "q")).isZero();
  }

  @Test
  void anIndexMemberWithoutAnEntryIsRemovedAndAnEntryWithoutAMemberReturnsAfterItsTimeout() {
    peers.redis().command("ZADD", "unacked_index", "5", "ghost");
    peers.redis().command("HSET", "unacked", "orphan", "[" + envelope(1) + ", \"\", \"q\"]");
    peers.redis().command("HSET", "unacked", "orphan2", "[" + envelope(2) + ", \"\", \"q\"]");

    Interop.await(
        "both are mended",
        () -> {
          transport.restoreVisible();
          return peers.number("HLEN", "unacked") == 0;
        });

    assertThat(peers.number("ZCARD", "unacked_index")).isZero();
    assertThat(peers.list("q" + STEP_3)).containsExactlyInAnyOrder(marked(1), marked(2));
  }

  @Test
  void aListThatIsNoneKeepsItsMessagesAndNoOthers() {
    peers.redis().command("SET", "w" + STEP_3, "not a list");
    put("t1", now() - 60, "[" + envelope(1) + ", \"\", \"w\"]");
    put("t2", now() - 70, "[" + envelope(2) + ", \"\", \"q\"]");

    assertThat(transport.restoreVisible()).isEqualTo(1);

    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of("t1"));
    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(2));
  }

  // ---- RT-36, RT-37, RT-38: together with kombu

  @Test
  void javasSweepAndKombusTogetherRestoreEachMessageOnce() throws Exception {
    for (int i = 0; i < 1000; i++) {
      put("t" + i, now() - 60, "[" + envelope(i) + ", \"\", \"q\"]");
    }
    PythonSession kombu = kombu("5.7");
    AtomicBoolean empty = new AtomicBoolean();
    ExecutorService python = Executors.newSingleThreadExecutor();
    try {
      CompletableFuture<Void> theirs =
          CompletableFuture.runAsync(
              () -> {
                while (!empty.get()) { // without its lock, so that both are at it
                  kombu.eval(
                      """
                      for tag in redis.zrevrangebyscore('unacked_index', '+inf', 0, start=0, num=20):
                          channel.qos.restore_by_tag(tag, redis)
                      """);
                }
              },
              python);
      Interop.await(
          "all are restored",
          () -> {
            transport.restoreVisible();
            return peers.number("ZCARD", "unacked_index") == 0;
          });
      empty.set(true);
      theirs.join();
    } finally {
      empty.set(true);
      python.shutdown();
    }

    List<String> restored = peers.list("q" + STEP_3);
    assertThat(restored).hasSize(1000);
    assertThat(new HashSet<>(restored.stream().map(m -> m.replaceAll(".*\"n\": ", "")).toList()))
        .hasSize(1000);
  }

  @Test
  void whileKombuHoldsTheMutexJavaRestoresNothing() {
    put("t1", now() - 60, "[" + envelope(1) + ", \"\", \"q\"]");
    peers.redis().command("SET", "unacked_mutex", "kombu");

    assertThat(transport.restoreVisible()).isZero();
    assertThat(peers.redis().command("GET", "unacked_mutex")).isEqualTo("kombu");

    peers.redis().command("DEL", "unacked_mutex");
    assertThat(transport.restoreVisible()).isEqualTo(1);
    assertThat(peers.number("EXISTS", "unacked_mutex")).isZero();
  }

  @Test
  void javasMutexExpiresAndIsLeftToWhoeverTookItMeanwhile() throws Exception {
    AtomicBoolean taken = new AtomicBoolean();
    AtomicInteger tries = new AtomicInteger();
    CountDownLatch expiry = new CountDownLatch(1);
    Thread thief =
        new Thread(
            () -> {
              while (!taken.get() && tries.incrementAndGet() < 100_000) {
                Object reply =
                    peers
                        .redis()
                        .command(
                            "EVAL",
                            "local t = redis.call('PTTL', KEYS[1]) if t > 0 then"
                                + " redis.call('SET', KEYS[1], 'thief') end return t",
                            "1",
                            "unacked_mutex");
                if (reply instanceof Long left && left > 0) {
                  taken.set(true);
                  expiry.countDown();
                }
              }
            },
            "thief");
    thief.start();
    Interop.await(
        "the mutex was taken over in the middle of a sweep",
        () -> {
          for (int i = 0; i < 300; i++) {
            put("t" + i, 5, "[" + envelope(i) + ", \"\", \"q\"]");
          }
          transport.restoreVisible();
          return taken.get();
        });
    thief.join();

    assertThat(expiry.getCount()).isZero();
    assertThat(peers.redis().command("GET", "unacked_mutex")).isEqualTo("thief");
  }

  @Test
  void onlyWhatIsOlderThanTheTimeoutByTheServersClockIsRestored() {
    put("young", now() - VISIBILITY.toSeconds() + 20, "[" + envelope(1) + ", \"\", \"q\"]");
    put("future", now() + 3600, "[" + envelope(2) + ", \"\", \"q\"]");
    put("negative", -5, "[" + envelope(3) + ", \"\", \"q\"]");
    put("old", now() - VISIBILITY.toSeconds() - 0.1, "[" + envelope(4) + ", \"\", \"q\"]");

    assertThat(transport.restoreVisible()).isEqualTo(1);

    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(4));
  }

  // ---- RT-47: kombu 5.2 acknowledges twice when it requeues

  @Test
  void kombusSecondDeleteAfterARequeueDoesNotTouchWhatJavaHoldsByThen() {
    peers.redis().command("LPUSH", "q" + STEP_3, envelope(1));
    PythonSession kombu = kombu("5.2");
    kombu.eval("message = get('q'); tag = message.delivery_tag; message.requeue()");

    line("q").exchange(List.of(), 1, false);
    kombu.eval("channel.qos._remove_from_indices(tag).execute()");

    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
    assertThat(peers.number("ZCARD", "unacked_index")).isEqualTo(1);
  }

  // ---- RT-28: prefetch

  @Test
  void aFullWorkerHoldsNoMoreThanItsPlacesAndAsksForNothing() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    Worker worker =
        peers.closed(
            Worker.builder()
                .config(
                    WorkerConfig.builder()
                        .broker(peers.config().build())
                        .queue("q", new QueueConfig(2, 1))
                        .build())
                .task(
                    "wait",
                    (context, arguments) -> {
                      end.await();
                      return null;
                    })
                .metrics(new SimpleMeterRegistry())
                .build());
    BrokerClient client = peers.client();
    for (int i = 0; i < 20; i++) {
      client.send(TaskSignature.of("wait").on("q"));
    }
    worker.start();
    Interop.await("it is full", () -> peers.number("HLEN", "unacked") == 3);
    long before = Commands.count(peers.redis(), "lrange");
    try {
      for (int i = 0; i < 200; i++) {
        assertThat(peers.number("HLEN", "unacked")).isEqualTo(3);
      }
      assertThat(Commands.count(peers.redis(), "lrange")).isEqualTo(before);
    } finally {
      end.countDown();
    }
    Interop.await("all have run", () -> peers.number("HLEN", "unacked") == 0);
  }

  // ---- leases

  @Test
  void aTaskOfTenVisibilityTimeoutsRunsOnceThoughKombuSweepsAllTheTime() {
    peers.javaWorker(
        peers.config().visibilityTimeout(VISIBILITY).lease(Duration.ofSeconds(1)).build(),
        2,
        "work");
    peers.client().send(TaskSignature.of("interop.mark", "log", "t", 20.0).on("work"));
    Interop.await("it runs", () -> peers.number("LLEN", "log-began") == 1);
    PythonSession kombu = kombu("5.7");
    kombu.eval("connection = connect(2); channel = connection.default_channel");

    Interop.await(
        Duration.ofSeconds(60),
        "it ends",
        () -> {
          kombu.eval("sweep()");
          return peers.number("LLEN", "log") == 1;
        });

    assertThat(peers.number("LLEN", "log-began")).isEqualTo(1);
    Interop.await("it is acknowledged", () -> peers.number("HLEN", "unacked") == 0);
    assertThat(peers.number("LLEN", "work")).isZero();
  }

  @Test
  void manyParkedMessagesAreNotLookedAtToFindWhatADeadJavaWorkerHeld() {
    peers
        .redis()
        .command(
            "EVAL",
            "for i = 1, 200000 do redis.call('ZADD', KEYS[1], ARGV[1] + i, 'stalk:parked:' .. i) end",
            "1",
            "unacked_index",
            Double.toString(now() + 60));
    put("python", now(), "[" + envelope(2) + ", \"\", \"q\"]");
    Transport dead = transport();
    peers.redis().command("LPUSH", "q" + STEP_3, envelope(1));
    QueueConnection line = dead.consume(List.of("q"), "dead", () -> {});
    line.exchange(List.of(), 1, false);
    line.close();
    long scans = Commands.count(peers.redis(), "zscan");

    Interop.await("it is returned", () -> transport.restoreAbandoned() == 1);

    assertThat(Commands.count(peers.redis(), "zscan")).isEqualTo(scans);
    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(1));
    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of("python"));
    assertThat(peers.number("ZCARD", "stalk:holders")).isZero();
  }

  /** Its sweep may come to its turn before its renewal does, when it wakes. */
  @Test
  void aProcessThatStoodStillForALeaseDoesNotTakeItsOwnMessagesForAbandoned() {
    peers.redis().command("LPUSH", "q" + STEP_3, envelope(1));
    line("q").exchange(List.of(), 1, false);
    assertThat(transport.restoreAbandoned()).isZero();
    Instant stopped = transport.time();
    Interop.await("a lease and a half", () -> transport.time().isAfter(stopped.plusMillis(1500)));

    assertThat(transport.restoreAbandoned()).isZero();

    Interop.await(
        "it does not wake for good, and is found all the same",
        () -> transport.restoreAbandoned() == 1);
    assertThat(peers.list("q" + STEP_3)).containsExactly(marked(1));
  }

  @Test
  void aLineThatEndsWithNothingHeldIsStruckOffAtOnce() {
    QueueConnection line = transport.consume(List.of("q"), "a", () -> {});
    line.exchange(List.of(), 1, false);
    assertThat(peers.number("ZCARD", "stalk:holders")).isEqualTo(1);

    line.close();

    assertThat(peers.number("ZCARD", "stalk:holders")).isZero();
  }

  // ---- both ways, whole

  @Test
  void aJavaWorkerRunsWhatADeadCeleryWorkerHeld() throws Exception {
    BrokerClient client = peers.client();
    CeleryWorker doomed =
        peers.closed(
            CeleryWorker.builder(PythonEnvironment.celery())
                .app("interop")
                .directory(Interop.pythonSources())
                .environment("REDIS_URL", peers.redis().url())
                .queues("work")
                .concurrency(1)
                .quiet()
                .start());
    client.send(TaskSignature.of("interop.mark", "log", "t", 15).on("work"));
    Interop.await("it holds it", () -> peers.number("HLEN", "unacked") == 1);
    doomed.kill();
    peers.redis().command("DEL", "log-began");

    peers.javaWorker(
        peers.config().visibilityTimeout(VISIBILITY).lease(Duration.ofSeconds(1)).build(),
        1,
        "work");

    Interop.await(
        Duration.ofSeconds(60),
        "Java begins it",
        () -> peers.list("log-began-java").equals(List.of("t")));
  }
}
