package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.TaskHandler;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.AutoscaleConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much a Java worker takes on at a time, looked at in Redis and in its meters. */
@Timeout(180)
class WorkerLimitsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Interop peers = new Interop();
  private final BrokerClient client = peers.client();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  @AfterEach
  void stop() {
    peers.close();
  }

  private Worker worker(QueueConfig queue, TaskHandler handler) {
    Worker worker =
        Worker.builder()
            .config(
                WorkerConfig.builder().broker(peers.config().build()).queue("java", queue).build())
            .metrics(meters)
            .task("limited", handler)
            .build();
    worker.start();
    return peers.closed(worker);
  }

  private List<AsyncResult> send(int count) {
    return client.sendAll(Collections.nCopies(count, TaskSignature.of("limited").on("java")));
  }

  private static void assertAll(List<AsyncResult> results, String value) {
    for (AsyncResult result : results) {
      assertThat(result.get(String.class, PATIENCE)).isEqualTo(value);
    }
  }

  private long held() {
    return peers.number("HLEN", "unacked");
  }

  /** In the order in which they will be fetched. */
  private List<String> idsInQueue() {
    Pattern id = Pattern.compile("\"correlation_id\": \"([^\"]+)\"");
    List<String> ids = new ArrayList<>();
    for (Object message : (List<?>) peers.redis().command("LRANGE", "java", "0", "-1")) {
      Matcher found = id.matcher((String) message);
      assertThat(found.find()).isTrue();
      ids.add(0, found.group(1));
    }
    return ids;
  }

  private double meter(String name) {
    return meters.get(name).gauge().value();
  }

  @Test
  void noMoreIsHeldThanThereAreThreadsAndBuffer() {
    AtomicLong most = new AtomicLong();
    worker(
        new QueueConfig(2, 3),
        (context, arguments) -> {
          most.accumulateAndGet(held(), Math::max);
          return "done";
        });

    List<AsyncResult> results = send(400);
    while (peers.number("LLEN", "java") > 0) {
      most.accumulateAndGet(held(), Math::max);
    }

    assertAll(results, "done");
    assertThat(most).hasValue(5);
  }

  @Test
  @SuppressWarnings("FutureReturnValueIgnored") // the worker waits for it
  void noMoreAsynchronousTasksAreInFlightThanThereArePlaces() {
    AtomicInteger begun = new AtomicInteger();
    CompletableFuture<Object> end = new CompletableFuture<>();
    worker(
        new QueueConfig(1, 3),
        (context, arguments) -> {
          begun.incrementAndGet();
          return end;
        });

    List<AsyncResult> results = send(10);
    Interop.await(PATIENCE, "one thread has begun four", () -> begun.get() == 4);
    Interop.await(
        PATIENCE, "the worker is told all that", () -> meter("stalk.queue.places.free") == 0);
    assertThat(held()).isEqualTo(4);
    assertThat(peers.number("LLEN", "java")).isEqualTo(6);
    assertThat(begun).hasValue(4);

    end.complete("done");
    assertAll(results, "done");
    assertThat(begun).hasValue(10);
  }

  @Test
  @SuppressWarnings("FutureReturnValueIgnored") // the worker waits for it
  void norAreThereMoreInFlightWhereShortTasksWereReadAhead() {
    AtomicInteger begun = new AtomicInteger();
    CompletableFuture<Object> end = new CompletableFuture<>();
    worker(
        QueueConfig.builder().threads(1).buffer(3).readAhead(100).build(),
        (context, arguments) -> {
          if (arguments.positional().isEmpty()) {
            return "short";
          }
          begun.incrementAndGet();
          return end;
        });
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      TaskSignature call =
          i < 2000 ? TaskSignature.of("limited") : TaskSignature.of("limited", "long");
      calls.add(call.on("java"));
    }

    List<AsyncResult> results = client.sendAll(calls);
    assertThat(results.get(1999).get(String.class, PATIENCE)).isEqualTo("short");
    Interop.await(
        PATIENCE,
        "the rest is left to others",
        () -> begun.get() == 4 && held() == 4 && peers.number("LLEN", "java") == 996);
    assertThat(begun).hasValue(4);

    end.complete("done");
    assertAll(results.subList(2000, 3000), "done");
    assertThat(begun).hasValue(1000);
  }

  @Test
  void whileTasksAreShortMoreAreHeldAndOnceTheyAreLongOthersMayHaveThem() throws Exception {
    AtomicLong most = new AtomicLong();
    List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch begun = new CountDownLatch(2);
    CountDownLatch gate = new CountDownLatch(1);
    worker(
        QueueConfig.builder().threads(2).buffer(3).readAhead(100).build(),
        (context, arguments) -> {
          int number = ((Number) arguments.positional().get(0)).intValue();
          if (number % 50 == 0) {
            most.accumulateAndGet(held(), Math::max);
          }
          if (number == 2000 || number == 2001) {
            begun.countDown();
            gate.await();
          }
          ran.add(number);
          return "done";
        });
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      calls.add(TaskSignature.of("limited", i).on("java"));
    }

    List<AsyncResult> results = client.sendAll(calls);
    assertThat(begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    Interop.await(
        PATIENCE,
        "what waits is left to others",
        () -> held() == 5 && peers.number("LLEN", "java") == 995);
    assertThat(most.get()).isBetween(6L, 102L);
    assertThat(idsInQueue())
        .as("what came back stands before what was never fetched")
        .isEqualTo(results.subList(2005, 3000).stream().map(AsyncResult::id).toList());
    assertThat(meters.get("stalk.queue.given.back").counter().count()).isPositive();

    gate.countDown();
    assertAll(results, "done");
    assertThat(ran).hasSize(3000).doesNotHaveDuplicates();
  }

  @Test
  void aHundredTasksThatWaitForTheirTimeKeepNoOtherWaiting() {
    worker(new QueueConfig(1, 1), (context, arguments) -> "now");

    assertThat(
            peers
                .python()
                .eval(
                    """
                    later = [app.send_task('limited', queue='java', countdown=3600) for _ in range(100)]
                    now = [app.send_task('limited', queue='java') for _ in range(20)]
                    [set(r.get(timeout=60) for r in now) == {'now'}, {r.state for r in later} == {'PENDING'}]
                    """)
                .toString())
        .isEqualTo("[true,true]");
    Interop.await(PATIENCE, "only those are held", () -> held() == 100);
    assertThat(peers.number("ZCARD", "stalk:parked")).isEqualTo(100);
  }

  @Test
  void aTaskThatIsRevokedWhileItWaitsForItsTimeIsNotRun() {
    List<String> ran = Collections.synchronizedList(new ArrayList<>());
    Worker worker =
        worker(
            new QueueConfig(1, 1),
            (context, arguments) -> {
              ran.add(context.id());
              return "ran";
            });
    PythonSession python = peers.python();
    python.eval(
        """
        revoked, kept = [
            app.send_task('limited', queue='java', countdown=8, task_id=i) for i in ('revoked', 'kept')]
        """);
    Interop.await(PATIENCE, "both wait", () -> peers.number("ZCARD", "stalk:parked") == 2);

    worker.revoke("revoked");

    assertThat(python.eval("kept.get(timeout=60)").stringValue()).isEqualTo("ran");
    assertThatThrownBy(() -> python.eval("revoked.get(timeout=60)"))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> {
              assertThat(raised.type()).isEqualTo("TaskRevokedError");
              assertThat(raised.arguments().toString()).isEqualTo("[\"revoked\"]");
            });
    assertThat(ran).containsExactly("kept");
    Interop.await(PATIENCE, "nothing is held", () -> held() == 0);
  }

  @Test
  void threadsGrowWithTheLoadAndShrinkOnlyAfterTheKeepAlive() {
    Duration keepAlive = Duration.ofSeconds(4);
    AtomicInteger running = new AtomicInteger();
    CountDownLatch gate = new CountDownLatch(1);
    worker(
        QueueConfig.builder().autoscale(new AutoscaleConfig(1, 4, keepAlive)).build(),
        (context, arguments) -> {
          running.incrementAndGet();
          gate.await();
          return "done";
        });
    assertThat(meter("stalk.queue.threads")).isOne();

    long before = System.nanoTime();
    List<AsyncResult> results = send(4);
    Interop.await(PATIENCE, "four run at once", () -> running.get() == 4);
    assertThat(meter("stalk.queue.threads")).isEqualTo(4);
    gate.countDown();
    assertAll(results, "done");

    Interop.await(
        PATIENCE,
        "they shrink while one at a time is enough",
        () -> {
          assertAll(send(1), "done");
          return meter("stalk.queue.threads") == 1;
        });
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(keepAlive);
  }
}
