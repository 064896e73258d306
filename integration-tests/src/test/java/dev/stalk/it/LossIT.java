package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.ResultTimeoutException;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.RedisServer;
import dev.stalk.worker.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Workers killed and stopped, Redis killed and frozen: nothing is lost. */
class LossIT {

  private static List<AsyncResult> send(BrokerClient client, int count, double seconds) {
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(TaskSignature.of("interop.mark", "log", "t" + i, seconds).on("work"));
    }
    return client.sendAll(calls);
  }

  private static Set<String> all(int count) {
    Set<String> values = new HashSet<>();
    for (int i = 0; i < count; i++) {
      values.add("t" + i);
    }
    return values;
  }

  @Test
  void aKilledWorkersMessagesAreRunByTheNextJavaWorker() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerProcess doomed = WorkerProcess.start(peers, "work", 4);
      List<AsyncResult> results = send(client, 60, 0.05);
      Interop.await("it is in the middle of its work", () -> peers.number("LLEN", "log") >= 10);

      doomed.kill();
      WorkerProcess.start(peers, "work", 4);

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      assertThat(new HashSet<>(peers.list("log"))).isEqualTo(all(60));
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  @Test
  void aKilledWorkersMessagesAreRunByAPythonWorker() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerProcess doomed = WorkerProcess.start(peers, "work", 2);
      List<AsyncResult> results =
          client.sendAll(Collections.nCopies(4, TaskSignature.of("interop.again").on("work")));
      Interop.await("it holds them all", () -> peers.number("HLEN", "unacked") == 4);

      doomed.kill();
      // Celery 5.2 looks for such messages when it starts, and then only every 100 seconds
      Interop.await("their time is up", () -> peers.secondsSinceLastSign() > 2);
      peers.closed(
          CeleryWorker.builder(PythonEnvironment.celery())
              .app("interop")
              .directory(Interop.pythonSources())
              .environment("REDIS_URL", peers.redis().url())
              .environment("VISIBILITY_TIMEOUT", "2")
              .queues("work")
              .concurrency(4)
              .quiet()
              .start());

      for (AsyncResult result : results) {
        assertThat(result.get(Boolean.class, Duration.ofSeconds(60)))
            .as("run with the mark of one that was delivered before")
            .isTrue();
      }
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  /** As a laptop that was closed, or a machine that was moved: nobody else took its messages. */
  @Test
  void aWorkerThatStoodStillForLongerThanItsLeaseDoesNotTakeItselfForDead() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerProcess worker = WorkerProcess.start(peers, "work", 4);
      List<AsyncResult> results = send(client, 4, 15);
      Interop.await("all run", () -> peers.number("LLEN", "log-began") == 4);

      for (int i = 0; i < 3; i++) {
        Interop.await("it lives", () -> peers.secondsSinceLastSign() < 1);
        worker.freeze();
        Interop.await("its lease is over", () -> peers.secondsSinceLastSign() > 1.5);
        worker.thaw();
      }

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      assertThat(peers.list("log-began")).hasSize(4);
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  @Test
  void aWorkerThatWakesUpAfterItsLeaseDoesNotBeginWhatHasWaitedInItAsAnotherHasRunIt()
      throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerProcess sleeper = WorkerProcess.start(peers, "work", 1);
      AsyncResult running = client.send(TaskSignature.of("java.sleep", "sleepers", 5).on("work"));
      Interop.await("one runs", () -> peers.number("LLEN", "sleepers") == 1);
      List<AsyncResult> waiting = send(client, 1, 0);
      Interop.await("one waits in it", () -> peers.number("HLEN", "unacked") == 2);
      sleeper.freeze();

      WorkerProcess other = WorkerProcess.start(peers, "work", 2);
      running.get(Object.class, Interop.PATIENCE);
      waiting.get(0).get(String.class, Interop.PATIENCE);
      assertThat(other.terminate()).isZero();
      peers.redis().freeze(); // so that no renewal tells it either
      sleeper.thaw();
      sleeper.awaitOutput(JavaTasks.SLEPT);
      peers.redis().thaw();
      client
          .send(TaskSignature.of("interop.mark", "log", "last", 0).on("work"))
          .get(String.class, Interop.PATIENCE);

      assertThat(peers.list("log-began")).containsExactly("t0", "last");
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  @Test
  void aTaskThatKillsItsWorkerIsQuarantinedAndNoOtherTaskIsLost() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      client.send(TaskSignature.of("java.halt", "deaths").on("work"));
      List<AsyncResult> results = send(client, 10, 0.01);

      WorkerProcess worker = WorkerProcess.start(peers, "work", 1);
      while (peers.number("LLEN", "work.quarantine") == 0) {
        WorkerProcess current = worker;
        Interop.await(
            "the worker dies or the message is put aside",
            () -> !current.isAlive() || peers.number("LLEN", "work.quarantine") == 1);
        if (!current.isAlive()) {
          worker = WorkerProcess.start(peers, "work", 1);
        }
      }

      assertThat(peers.list("deaths")).hasSize(WorkerProcess.MAX_DELIVERIES);
      assertThat(peers.list("work.quarantine").get(0))
          .startsWith("{\"reason\": \"delivered 2 times without an end\"")
          .contains("\"deliveries\": 2")
          .contains("java.halt");
      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      assertThat(new HashSet<>(peers.list("log"))).isEqualTo(all(10));
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
      Interop.await(
          "no count is left",
          () -> ((List<?>) peers.redis().command("KEYS", "stalk:deliveries:*")).isEmpty());
    }
  }

  @Test
  void sigtermFinishesWhatRunsAndReturnsTheRestInOrder() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerProcess stopping =
          WorkerProcess.start(
              peers,
              "work",
              1,
              Map.of(
                  WorkerProcess.DEADLINE, "60", WorkerProcess.LEASE_SECONDS, WorkerProcess.LONG));
      List<AsyncResult> results = send(client, 4, 8);
      Interop.await("one runs", () -> peers.number("LLEN", "log-began") == 1);
      Interop.await("one is buffered", () -> peers.number("HLEN", "unacked") == 2);

      assertThat(stopping.terminate()).isZero();

      assertThat(results.get(0).get(String.class, Interop.PATIENCE)).isEqualTo("t0");
      assertThat(peers.list("log")).containsExactly("t0");
      assertThat(peers.number("HLEN", "unacked")).isZero();
      List<String> waiting = peers.list("work");
      assertThat(waiting).hasSize(3);
      assertThat(waiting.get(2)).contains(results.get(1).id()).contains("\"redelivered\": true");
    }
  }

  @Test
  void aStopWithoutPatienceInterruptsAndReturnsWhatRuns() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      Worker worker = peers.javaWorker(peers.config().build(), 1, "work");
      send(client, 3, 60);
      Interop.await("one runs", () -> peers.number("LLEN", "log-began") == 1);
      Interop.await("one is buffered", () -> peers.number("HLEN", "unacked") == 2);

      assertThat(worker.stop(Duration.ofMillis(1))).isFalse();

      assertThat(peers.number("HLEN", "unacked")).isZero();
      assertThat(peers.number("LLEN", "work")).isEqualTo(3);
      assertThat(peers.number("EXISTS", "log")).isZero();
    }
  }

  @Test
  void aRedisKilledInTheMiddleOfWorkLosesNothingAndEverybodyResumes() throws Exception {
    RedisServer redis =
        RedisServer.builder()
            .argument("appendonly", "yes")
            .argument("appendfsync", "always")
            .start();
    try (Interop peers = new Interop(redis)) {
      BrokerClient client = peers.client();
      peers.javaWorker(peers.config().build(), 4, "work");
      List<AsyncResult> results = send(client, 80, 0.05);
      CompletableFuture<String> waiting = results.get(79).future(String.class);
      Interop.await("it is in the middle of its work", () -> peers.number("LLEN", "log") >= 10);

      redis.kill();
      redis.restart();

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo("t79");
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
      assertThat(
              client
                  .send(TaskSignature.of("java.add", 1, 2).on("work"))
                  .get(Long.class, Interop.PATIENCE))
          .isEqualTo(3);
    }
  }

  @Test
  void cutConnectionsRunNothingTwice() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      peers.javaWorker(peers.config().build(), 4, "work");
      List<AsyncResult> results = send(client, 60, 0.03);
      for (int done = 5; done <= 50; done += 9) {
        long target = done;
        Interop.await("some more are done", () -> peers.number("LLEN", "log") >= target);
        peers.redis().command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
        peers.redis().command("CLIENT", "KILL", "TYPE", "pubsub");
      }

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      assertThat(peers.list("log")).hasSize(60);
      assertThat(new HashSet<>(peers.list("log"))).isEqualTo(all(60));
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  @Test
  void sendingWithoutRedisFailsWithAnErrorThatSaysWhatToDo() throws Exception {
    try (Interop peers = new Interop()) {
      String url = peers.redis().url();
      peers.redis().kill();
      BrokerClient client = peers.client();

      assertThatThrownBy(() -> client.send(TaskSignature.of("java.add", 1, 2)))
          .isInstanceOf(BrokerUnavailableException.class)
          .hasMessageContaining("cannot reach Redis at " + url)
          .hasMessageContaining("Is it running");
    }
  }

  @Test
  void waitingLeavesNoSubscriptionBehind() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client(BrokerConfig.builder().url(peers.redis().url()).build());
      for (int i = 0; i < 50; i++) {
        AsyncResult nobodys = client.result("nobody-" + i);
        assertThatThrownBy(() -> nobodys.get(Object.class, Duration.ofMillis(1)))
            .isInstanceOf(ResultTimeoutException.class);
        nobodys.future(Object.class).cancel(true);
      }

      Interop.await(
          "all channels are left",
          () ->
              ((List<?>) peers.redis().command("PUBSUB", "CHANNELS", "celery-task-meta-*"))
                  .isEmpty());
    }
  }
}
