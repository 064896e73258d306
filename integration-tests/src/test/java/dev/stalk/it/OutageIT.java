package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.BrokerRefusedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.PublishRetryPolicy;
import dev.stalk.peers.RedisServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;

/** A Redis that goes away, refuses, forgets or cuts: everything resumes by itself. */
class OutageIT {
  private static final PublishRetryPolicy ONCE =
      new PublishRetryPolicy(0, Duration.ZERO, Duration.ZERO, Duration.ZERO);
  private static final PublishRetryPolicy WAITING =
      new PublishRetryPolicy(
          PublishRetryPolicy.FOREVER,
          Duration.ofMillis(20),
          Duration.ofMillis(20),
          Duration.ofMillis(200));

  private static void add(BrokerClient client) {
    assertThat(
            client
                .send(TaskSignature.of("java.add", 1, 2).on("work"))
                .get(Long.class, Interop.PATIENCE))
        .isEqualTo(3);
  }

  private static List<AsyncResult> marks(BrokerClient client, int count) {
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(TaskSignature.of("interop.mark", "log", "t" + i, 0.01).on("work"));
    }
    return client.sendAll(calls);
  }

  private static void config(Interop peers, String name, String value) {
    peers.redis().command("CONFIG", "SET", name, value);
  }

  @Test
  void aServerThatCutsIdleConnectionsIsKeptAwakeAndNobodyNotices() throws Exception {
    RedisServer redis = RedisServer.builder().argument("timeout", "2").start();
    try (Interop peers = new Interop(redis)) {
      BrokerConfig config = peers.config().publishRetry(ONCE).build();
      peers.javaWorker(config, 1, "work");
      BrokerClient client = peers.client(config);
      add(client);
      AsyncResult late = client.result("nobody");
      CompletableFuture<Object> waiting = late.future(Object.class);
      Interop.await(
          "the worker keeps its line, though it is idle for longer than the server allows",
          () -> lineAge(peers) >= 8);

      // kept awake, it has outlived the limit, is armed, and is told at once
      add(client);
      assertThat(waiting).isNotDone();
      waiting.cancel(true);
    }
  }

  /** Seconds since the queue's line was made; 0 without one. */
  private static long lineAge(Interop peers) {
    String list = String.valueOf(peers.redis().command("CLIENT", "LIST"));
    for (String client : list.split("\n", -1)) {
      if (client.contains("-queue-work ")) {
        return Long.parseLong(client.replaceFirst("(?s).* age=(\\d+) .*", "$1"));
      }
    }
    return 0;
  }

  /** What makes a server refuse, the reply, and what ends it. */
  private static Stream<Arguments> refusals() {
    return Stream.of(
        Arguments.of(
            "READONLY",
            List.of(List.of("REPLICAOF", "127.0.0.1", "1")),
            List.of(List.of("REPLICAOF", "NO", "ONE"))),
        Arguments.of(
            "NOREPLICAS",
            List.of(List.of("CONFIG", "SET", "min-replicas-to-write", "1")),
            List.of(List.of("CONFIG", "SET", "min-replicas-to-write", "0"))));
  }

  @Test
  void aServerThatCannotSaveAndTakesNoWritesIsWaitedFor() throws Exception { // MISCONF
    Path saves = Files.createTempDirectory("stalk-saves");
    RedisServer redis =
        RedisServer.builder()
            .directory(saves)
            .argument("save", "3600", "1")
            .argument("stop-writes-on-bgsave-error", "yes")
            .start();
    try (Interop peers = new Interop(redis)) {
      BrokerClient client = peers.client();
      BrokerClient impatient = peers.client(peers.config().publishRetry(ONCE).build());
      peers.javaWorker(peers.config().build(), 2, "work");
      List<AsyncResult> results = marks(client, 60);
      Interop.await("it is at work", () -> peers.number("LLEN", "log") >= 5);
      Files.delete(saves);
      redis.command("BGSAVE");
      Interop.await("the save has failed", () -> persistence(redis).contains("status:err"));

      assertRefusedForNow(impatient, "MISCONF");

      redis.command("CONFIG", "SET", "stop-writes-on-bgsave-error", "no");
      assertAllRun(peers, results);
    }
  }

  private static void assertRefusedForNow(BrokerClient impatient, String reply) {
    assertThatThrownBy(() -> impatient.send(TaskSignature.of("java.add", 1, 1).on("work")))
        .isInstanceOf(BrokerUnavailableException.class)
        .hasMessageContaining(reply)
        .matches(e -> ((BrokerException) e).isRetryable());
  }

  private static void assertAllRun(Interop peers, List<AsyncResult> results) {
    for (AsyncResult result : results) {
      result.get(String.class, Interop.PATIENCE);
    }
    assertThat(new HashSet<>(peers.list("log"))).hasSize(results.size());
    Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
  }

  private static String persistence(RedisServer redis) {
    return String.valueOf(redis.command("INFO", "persistence")).replace("rdb_last_bgsave_", "");
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void aServerThatTakesNoWritesIsWaitedForAndLosesNothing(
      String reply, List<List<String>> begin, List<List<String>> end) throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      BrokerClient impatient = peers.client(peers.config().publishRetry(ONCE).build());
      peers.javaWorker(peers.config().build(), 2, "work");
      List<AsyncResult> results = marks(client, 60);
      Interop.await("it is at work", () -> peers.number("LLEN", "log") >= 5);
      begin.forEach(command -> peers.redis().command(command.toArray(String[]::new)));

      assertRefusedForNow(impatient, reply);

      end.forEach(command -> peers.redis().command(command.toArray(String[]::new)));
      assertAllRun(peers, results);
    }
  }

  /** A connection of the operator's, made before others are refused. */
  private static void operate(Connection operator, String... words) {
    String[] rest = Arrays.copyOfRange(words, 1, words.length);
    operator.sendCommand(Command.valueOf(words[0]), rest);
    operator.getOne();
  }

  private static void cutAll(Connection operator) {
    operate(operator, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    operate(operator, "CLIENT", "KILL", "TYPE", "pubsub");
  }

  @Test
  void aServerThatLetsNobodyInIsWaitedFor() throws Exception {
    try (Interop peers = new Interop();
        Connection operator = new Connection("127.0.0.1", peers.redis().port())) {
      BrokerClient client = peers.client(); // its second try is on a connection of its own
      peers.javaWorker(peers.config().build(), 1, "work");
      add(client);
      TaskSignature task = TaskSignature.of("java.add", 1, 2).on("work");

      operate(operator, "CONFIG", "SET", "maxclients", "1");
      cutAll(operator);
      assertThatThrownBy(() -> client.send(task)).isInstanceOf(BrokerUnavailableException.class);
      operate(operator, "CONFIG", "SET", "maxclients", "1000");
      add(client);

      operate(operator, "CONFIG", "SET", "requirepass", "secret");
      cutAll(operator);
      assertThatThrownBy(() -> client.send(task))
          .isInstanceOf(BrokerRefusedException.class)
          .hasMessageContaining("NOAUTH");
      operate(operator, "CONFIG", "SET", "requirepass", "");
      add(client);
    }
  }

  /** The thread that listens for results is refused again and again, with growing pauses. */
  @Test
  void whoWaitsForAResultIsNotToldARefusalOfBefore() throws Exception {
    try (Interop peers = new Interop();
        Connection operator = new Connection("127.0.0.1", peers.redis().port())) {
      BrokerClient client = peers.client();
      peers.javaWorker(peers.config().build(), 1, "work");
      add(client);
      operate(operator, "CONFIG", "SET", "requirepass", "secret");
      cutAll(operator);
      long refused = System.nanoTime();
      Interop.await(
          "it is refused for a while",
          () -> {
            assertThatThrownBy(() -> client.result("nobody").get(Object.class, Interop.PATIENCE))
                .isInstanceOf(BrokerRefusedException.class)
                .hasMessageContaining("NOAUTH");
            return System.nanoTime() - refused > TimeUnit.SECONDS.toNanos(4);
          });

      operate(operator, "CONFIG", "SET", "requirepass", "");

      add(client);
    }
  }

  @Test
  void aServerThatLoadsItsDataIsWaitedFor() throws Exception {
    RedisServer redis =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("appendfsync", "always")
            .argument("aof-use-rdb-preamble", "no")
            .argument("key-load-delay", "1000")
            .start();
    try (Interop peers = new Interop(redis)) {
      BrokerClient client = peers.client(peers.config().publishRetry(WAITING).build());
      peers.javaWorker(peers.config().build(), 2, "work");
      redis.command("EVAL", "for i = 1, 1500 do redis.call('SET', 'k' .. i, i) end", "0");
      List<AsyncResult> results = marks(client, 40);
      Interop.await("it is at work", () -> peers.number("LLEN", "log") >= 5);

      redis.restart();

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      add(client);
      assertThat(new HashSet<>(peers.list("log"))).hasSize(40);
    }
  }

  @Test
  void aFrozenServerFailsASendInTimeAndEverythingGoesOnAfterwards() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerConfig quick =
          peers.config().publishRetry(ONCE).socketTimeout(Duration.ofSeconds(2)).build();
      BrokerClient client = peers.client(quick);
      peers.javaWorker(quick, 2, "work");
      add(client);

      peers.redis().freeze();
      long start = System.nanoTime();
      assertThatThrownBy(() -> client.send(TaskSignature.of("java.add", 1, 2).on("work")))
          .isInstanceOf(BrokerUnavailableException.class)
          .hasMessageContaining("timed out")
          .matches(e -> ((BrokerException) e).isRetryable());
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
      peers.redis().thaw();

      add(client);
    }
  }

  @Test
  void aSendThatMayWaitOutlastsTheOutage() throws Exception {
    RedisServer redis =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("appendfsync", "always")
            .start();
    ExecutorService sender = Executors.newSingleThreadExecutor();
    try (Interop peers = new Interop(redis)) {
      BrokerClient client = peers.client(peers.config().publishRetry(WAITING).build());
      peers.javaWorker(peers.config().build(), 1, "work");
      add(client);
      redis.kill();

      CompletableFuture<AsyncResult> sent =
          CompletableFuture.supplyAsync(
              () -> client.send(TaskSignature.of("java.add", 4, 5).on("work")), sender);
      assertThatThrownBy(() -> sent.get(500, TimeUnit.MILLISECONDS))
          .isInstanceOf(java.util.concurrent.TimeoutException.class);
      redis.restart();

      assertThat(sent.get(60, TimeUnit.SECONDS).get(Long.class, Interop.PATIENCE)).isEqualTo(9);
    } finally {
      sender.shutdownNow();
    }
  }

  @Test
  void aSendWhoseConfirmationIsCutOffIsSentAgainUnderTheSameId() throws Exception {
    ExecutorService sender = Executors.newSingleThreadExecutor();
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      client.send(TaskSignature.of("nobody").on("other"));
      peers.redis().command("CLIENT", "PAUSE", "120000", "WRITE");
      CompletableFuture<AsyncResult> sent =
          CompletableFuture.supplyAsync(
              () -> client.send(TaskSignature.of("nobody").on("kept")), sender);
      Interop.await(
          "the send waits for its confirmation",
          () ->
              String.valueOf(peers.redis().command("INFO", "clients"))
                  .contains("blocked_clients:1"));
      peers.redis().command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      peers.redis().command("CLIENT", "UNPAUSE");

      String id = sent.get(60, TimeUnit.SECONDS).id();

      assertThat(peers.list("kept")).isNotEmpty().allMatch(message -> message.contains(id));
    } finally {
      sender.shutdownNow();
    }
  }

  @Test
  void forgottenScriptsAreNotNoticed() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      peers.javaWorker(peers.config().build(), 4, "work");
      List<AsyncResult> results = marks(client, 100);
      while (peers.number("LLEN", "log") < 90) {
        peers.redis().command("SCRIPT", "FLUSH");
      }

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      assertThat(peers.list("log")).hasSize(100);
    }
  }

  @Test
  void aFullServerKeepsTheMessageInItsListUntilThereIsMemory() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      List<AsyncResult> results = marks(client, 10);
      config(peers, "maxmemory", "1");
      peers.javaWorker(peers.config().build(), 2, "work");
      BrokerClient impatient = peers.client(peers.config().publishRetry(ONCE).build());

      assertThatThrownBy(() -> impatient.send(TaskSignature.of("java.add", 1, 1).on("work")))
          .isInstanceOf(BrokerFullException.class)
          .matches(e -> ((BrokerException) e).isRetryable());
      Interop.await(
          "the worker has been refused",
          () ->
              String.valueOf(peers.redis().command("INFO", "errorstats"))
                  .matches("(?s).*errorstat_OOM:count=([3-9]|\\d{2,}).*"));
      assertThat(peers.number("LLEN", "work")).isEqualTo(10);
      assertThat(peers.number("HLEN", "unacked")).isZero();

      config(peers, "maxmemory", "0");
      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
    }
  }

  @Test
  void aQueueWhoseKeyIsNoListLeavesTheOthersAlone() throws Exception {
    try (Interop peers = new Interop()) {
      peers.redis().command("SET", "broken", "text");
      peers.javaWorker("broken", "work");
      BrokerClient client = peers.client();

      add(client);
      peers.redis().command("DEL", "broken");
      assertThat(
              client
                  .send(TaskSignature.of("java.add", 5, 6).on("broken"))
                  .get(Long.class, Interop.PATIENCE))
          .isEqualTo(11);
    }
  }

  @Test
  void aClusterWorksWithAHashTagAndSaysSoWithout() throws Exception {
    RedisServer redis =
        RedisServer.builder()
            .binary(DebianRedis.server())
            .argument("cluster-enabled", "yes")
            .start();
    try (Interop peers = new Interop(redis)) {
      BrokerClient client = peers.client(peers.config().publishRetry(ONCE).build());
      assertThatThrownBy(() -> client.send(TaskSignature.of("java.add", 1, 1).on("work")))
          .hasMessageContaining("CLUSTERDOWN");
      redis.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
      Interop.await(
          "the cluster stands",
          () -> String.valueOf(redis.command("CLUSTER", "INFO")).contains("cluster_state:ok"));

      BrokerConfig tagged =
          peers.config().globalKeyprefix("{stalk}:").resultsGlobalKeyprefix("{stalk}:").build();
      peers.javaWorker(tagged, 1, "work");
      add(peers.client(tagged));
    }
  }
}
