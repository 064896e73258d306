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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
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
