package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.worker.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A message is somewhere in Redis at every instant, and stays with whoever gives signs of life. */
class TransportFaultsIT {

  /** The shortest there is, so that four of them pass soon. */
  private static final Duration VISIBILITY_TIMEOUT = Duration.ofSeconds(2);

  private static final Duration FOUR_TIMES = VISIBILITY_TIMEOUT.multipliedBy(4);

  /** Waiting, held, indexed and settled messages, all counted at one instant. */
  private static final String CENSUS =
      "return {redis.call('LLEN', 'work'), redis.call('HLEN', 'unacked'),"
          + " redis.call('ZCARD', 'unacked_index'),"
          + " #redis.call('KEYS', 'celery-task-meta-*')}";

  private record Census(long waiting, long held, long indexed, long settled) {
    static Census take(Interop peers) {
      List<?> counts = (List<?>) Objects.requireNonNull(peers.redis().command("EVAL", CENSUS, "0"));
      return new Census(
          (Long) counts.get(0), (Long) counts.get(1), (Long) counts.get(2), (Long) counts.get(3));
    }
  }

  private static List<TaskSignature> marks(int count, double seconds) {
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      calls.add(TaskSignature.of("interop.mark", "log", "t" + i, seconds).on("work"));
    }
    return calls;
  }

  @Test
  void atEveryInstantEachMessageIsInExactlyOnePlace() {
    int count = 1500;
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      client.sendAll(marks(count, 0));
      peers.javaWorker("work");

      List<Census> censuses = new ArrayList<>();
      Interop.await(
          "everything is settled",
          () -> {
            Census census = Census.take(peers);
            censuses.add(census);
            return census.settled() == count;
          });

      assertThat(censuses)
          .allSatisfy(
              census -> {
                assertThat(census.waiting() + census.held() + census.settled()).isEqualTo(count);
                assertThat(census.indexed()).isEqualTo(census.held());
              });
      assertThat(censuses).as("taken in the middle of it").anyMatch(census -> census.held() > 0);
    }
  }

  @Test
  void whatIsPublishedToAFrozenWorkerThatDiesIsStillThere() {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      WorkerProcess worker = WorkerProcess.start(peers, "work", 4);
      client.sendAll(marks(4, 0)).forEach(result -> result.get(String.class, Interop.PATIENCE));

      worker.freeze();
      client.sendAll(marks(3, 0));
      worker.kill();

      Census census = Census.take(peers);
      assertThat(census.waiting() + census.held()).isEqualTo(3);
      assertThat(census.indexed()).isEqualTo(census.held());
    }
  }

  @Test
  void gracefulStopsUnderContinuousPublishingLoseAndRepeatNothing() throws Exception {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      List<AsyncResult> results = new ArrayList<>();
      AtomicBoolean publishing = new AtomicBoolean(true);
      Thread publisher =
          new Thread(
              () -> {
                while (publishing.get()) {
                  String value = "t" + results.size();
                  results.add(
                      client.send(
                          TaskSignature.of("interop.mark", "log", value, 0.002).on("work")));
                }
              },
              "publisher");
      publisher.start();
      for (int stop = 0; stop < 8; stop++) {
        long target = peers.number("LLEN", "log") + 40;
        Worker worker = peers.javaWorker("work");
        Interop.await(
            "it is in the middle of its work", () -> peers.number("LLEN", "log") > target);

        assertThat(worker.stop(Duration.ofSeconds(10))).isTrue();
        assertThat(peers.number("HLEN", "unacked")).isZero();
      }
      publishing.set(false);
      publisher.join();
      peers.javaWorker(peers.config().build(), 8, "work");

      for (AsyncResult result : results) {
        result.get(String.class, Interop.PATIENCE);
      }
      List<String> log = peers.list("log");
      assertThat(log).hasSize(results.size());
      assertThat(new HashSet<>(log)).hasSize(results.size());
    }
  }

  /** A Celery worker that works on another queue, but restores everything that looks abandoned. */
  private static CeleryWorker eagerSweeper(Interop peers) {
    return peers.closed(
        CeleryWorker.builder(PythonEnvironment.celery())
            .app("interop")
            .directory(Interop.pythonSources())
            .environment("REDIS_URL", peers.redis().url())
            .environment("VISIBILITY_TIMEOUT", Long.toString(VISIBILITY_TIMEOUT.toSeconds()))
            .queues("other")
            .concurrency(1)
            .quiet()
            .start());
  }

  private static BrokerConfig hasty(Interop peers) {
    return peers
        .config()
        .visibilityTimeout(VISIBILITY_TIMEOUT)
        .lease(VISIBILITY_TIMEOUT.dividedBy(2))
        .build();
  }

  private static String onlyScore(Interop peers) {
    List<?> entry =
        (List<?>)
            Objects.requireNonNull(
                peers.redis().command("ZRANGE", "unacked_index", "0", "-1", "WITHSCORES"));
    assertThat(entry).hasSize(2);
    return String.valueOf(entry.get(1));
  }

  @Test
  void aTaskOfFourVisibilityTimeoutsRunsOnceBesideAnEagerSweeper() {
    try (Interop peers = new Interop()) {
      eagerSweeper(peers);
      BrokerClient client = peers.client(hasty(peers));
      peers.javaWorker(hasty(peers), 2, "work");

      double seconds = FOUR_TIMES.toMillis() / 1000.0;
      AsyncResult result =
          client.send(TaskSignature.of("interop.mark", "log", "long", seconds).on("work"));
      Interop.await("it runs", () -> peers.number("EXISTS", "log-began") == 1);
      String score = onlyScore(peers);
      Interop.await("its lease is renewed", () -> !onlyScore(peers).equals(score));

      assertThat(result.get(String.class, Interop.PATIENCE)).isEqualTo("long");
      assertThat(peers.list("log-began")).containsExactly("long");
      assertThat(peers.number("LLEN", "work")).isZero();
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  @Test
  void aTaskThatWaitsForFourVisibilityTimeoutsRunsOnceBesideAnEagerSweeper() {
    try (Interop peers = new Interop()) {
      eagerSweeper(peers);
      BrokerClient client = peers.client(hasty(peers));
      peers.javaWorker(hasty(peers), 2, "work");

      AsyncResult result =
          client.send(
              TaskSignature.of("interop.mark", "log", "late").on("work").withCountdown(FOUR_TIMES));
      Interop.await("it is parked", () -> peers.number("ZCARD", "unacked_index") == 1);
      assertThat(peers.number("EXISTS", "log-began")).isZero();

      assertThat(result.get(String.class, Interop.PATIENCE)).isEqualTo("late");
      assertThat(peers.list("log-began")).containsExactly("late");
      assertThat(peers.number("LLEN", "work")).isZero();
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    }
  }

  @Test
  void aMessageThatWasTakenAwayIsNotTakenBackByARenewal() {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client(hasty(peers));
      peers.javaWorker(hasty(peers), 2, "work");
      client.send(TaskSignature.of("interop.mark", "log", "taken", 3).on("work"));
      Interop.await("it runs", () -> peers.number("EXISTS", "log-began") == 1);

      peers.redis().command("DEL", "unacked", "unacked_index");

      Interop.await("it has ended, some renewals later", () -> peers.number("LLEN", "log") == 1);
      assertThat(peers.number("EXISTS", "unacked", "unacked_index")).isZero();
      assertThat(peers.list("log-began")).containsExactly("taken");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "callback ; app.signature('java.mark_early', ('first', str(i), 0)).set(queue='work').apply_async(link=then)",
        "chain ; (app.signature('java.mark_early', ('first', str(i), 0)).set(queue='work') | then).apply_async()",
        "retry ; app.signature('java.retry_early', ('next',)).set(queue='work').apply_async()"
      })
  void whatFollowsAnEarlyAcknowledgedTaskRunsOnceThoughItsAnswersAreCutOff(
      String kind, String sending) {
    int count = 12;
    try (Interop peers = new Interop()) {
      CuttingProxy proxy = peers.closed(CuttingProxy.before(peers.redis().port()));
      proxy.cutAnswersTo("stalk:settled:", 8);
      BrokerConfig cut = peers.config().url(proxy.url()).build();
      peers.javaWorker(cut, 2, "work");

      peers
          .python()
          .eval(
              """
              for i in range(%d):
                  then = app.signature('java.mark_early', ('next', str(i), 0), immutable=True).set(queue='work')
                  %s
              """
                  .formatted(count, sending));

      int runs = kind.equals("retry") ? 2 * count : count;
      Interop.await("all have run", () -> peers.number("LLEN", "next") >= runs);
      Interop.await("answers were cut off", () -> proxy.cuts() == 8);
      Interop.await("nothing waits", () -> peers.number("EXISTS", "work", "unacked") == 0);
      assertThat(peers.list("next")).hasSize(runs);
      assertThat(new HashSet<>(peers.list("next"))).hasSize(count);
      if (!kind.equals("retry")) {
        assertThat(peers.list("first")).hasSize(count).doesNotHaveDuplicates();
      }
    }
  }
}
