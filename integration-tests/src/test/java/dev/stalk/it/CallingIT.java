package dev.stalk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.QueueNotFoundException;
import dev.stalk.broker.RouteMap;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.Transport;
import dev.stalk.broker.transport.UnroutableException;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;

/** What a Java caller may say of a call, as a real Celery worker takes it. */
class CallingIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

  private static Interop peers;
  private static BrokerClient client;
  private static PythonSession python;

  @BeforeAll
  static void start() {
    peers = new Interop();
    client = peers.client();
    peers.celeryWorker(2, "python");
    python = peers.python();
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  @Test
  void aMessageWithNothingButTaskIdAndBodyRunsInPython() {
    String body = Base64.getEncoder().encodeToString("[[2, 3], {}, null]".getBytes(UTF_8));
    String bare =
        """
        {"body": "%s", "content-type": "application/json", "content-encoding": "utf-8",
         "headers": {"task": "interop.add", "id": "bare-1"},
         "properties": {"delivery_tag": "bare-tag", "body_encoding": "base64",
                        "delivery_info": {"exchange": "", "routing_key": "python"}}}
        """
            .formatted(body);
    try (Transport transport = BrokerClient.transport(peers.config().build(), "bare")) {
      transport.publish(List.of(new Publication("python", 0, bare.getBytes(UTF_8))));
    }

    assertThat(client.result("bare-1").get(Integer.class, PATIENCE)).isEqualTo(5);
  }

  @Test
  void aLinkRunsInPythonWithTheResultAndThenItsOwnArguments() {
    AsyncResult sum =
        client.send(
            TaskSignature.of("interop.add", 2, 3)
                .link(TaskSignature.of("interop.linked", "own").on("python"))
                .link(TaskSignature.of("interop.linked", "alone").on("python").asImmutable()));

    assertThat(sum.get(Integer.class, PATIENCE)).isEqualTo(5);
    Interop.await(PATIENCE, "both links ran", () -> peers.number("LLEN", "linked") == 2);
    assertThat(peers.list("linked")).containsExactlyInAnyOrder("[5, \"own\"]", "[\"alone\"]");
  }

  @Test
  void aLinkOfALinkRunsToo() {
    client.send(
        TaskSignature.of("interop.add", 2, 3)
            .link(
                TaskSignature.of("interop.add", 10)
                    .on("python")
                    .link(TaskSignature.of("interop.note", "linked-twice").on("python"))));

    Interop.await(PATIENCE, "it ran", () -> peers.number("LLEN", "linked-twice") == 1);
    assertThat(peers.list("linked-twice")).containsExactly("15");
  }

  @Test
  void aLinkErrorRunsInPythonWithTheIdOfTheTaskThatFailed() {
    AsyncResult bad =
        client.send(
            TaskSignature.of("interop.fail", "bad", 3)
                .linkError(TaskSignature.of("interop.failed", "failed-log").on("python")));

    Interop.await(PATIENCE, "the errback ran", () -> peers.number("LLEN", "failed-log") == 1);
    assertThat(peers.list("failed-log")).containsExactly(bad.id());
  }

  @Test
  void aJavaWorkersTaskCallsItsLinksBack() {
    Worker worker =
        peers.worker(
            builder -> builder.task("calling.twice", (context, arguments) -> 42), "linked-java");

    client.send(
        TaskSignature.of("calling.twice")
            .on("linked-java")
            .link(TaskSignature.of("interop.note", "linked-by-java").on("python")));

    Interop.await(PATIENCE, "it ran", () -> peers.number("LLEN", "linked-by-java") == 1);
    assertThat(peers.list("linked-by-java")).containsExactly("42");
    worker.stop(Duration.ofSeconds(5));
  }

  @Test
  @Tag(Interop.NEWER_THAN_5_2)
  void stampsAreSeenInPythonAsTheyWereSet() {
    Map<String, Object> seen =
        client
            .send(
                TaskSignature.of("interop.stamped")
                    .withStamp("tenant", "t1")
                    .withStamp("runs", List.of(1, "two")))
            .get(OBJECT, PATIENCE);

    assertThat(seen)
        .containsEntry("names", List.of("tenant", "runs"))
        .containsEntry("stamps", Map.of("tenant", "t1", "runs", List.of(1, "two")));
  }

  @Test
  @Tag(Interop.NEWER_THAN_5_2)
  void aStampedTaskIsDiscardedByWhoeverRevokesTheStamp() {
    // asked until it answers: it says that it is ready before it has subscribed to such requests
    assertThat(
            python
                .eval(
                    """
                    import time
                    answers, end = None, time.time() + 60
                    while not answers and time.time() < end:
                        answers = app.control.revoke_by_stamped_headers(
                            {'batch': ['b-7']}, reply=True, timeout=5, limit=1)
                    bool(answers)
                    """)
                .booleanValue())
        .isTrue();

    AsyncResult revoked =
        client.send(TaskSignature.of("interop.add", 1, 1).withStamp("batch", "b-7"));
    AsyncResult other =
        client.send(TaskSignature.of("interop.add", 1, 1).withStamp("batch", "b-8"));

    assertThat(other.get(Integer.class, PATIENCE)).isEqualTo(2);
    assertThatThrownBy(() -> revoked.get(Integer.class, PATIENCE))
        .hasMessageContaining("REVOKED")
        .hasMessageContaining("TaskRevokedError: revoked");
  }

  @Test
  @Tag(Interop.NEWER_THAN_5_2)
  void pythonSeesTheTimeOfSendingAmongTheHeadersAndNowhereElse() {
    double before = System.currentTimeMillis() / 1000.0;
    Map<String, Object> seen =
        client.send(TaskSignature.of("interop.stamped")).get(OBJECT, PATIENCE);

    assertThat(seen).containsEntry("names", null).containsEntry("stamps", Map.of());
    assertThat((Map<?, ?>) seen.get("headers")).hasToString("{stalk_sent_at=" + sentAt(seen) + "}");
    assertThat(sentAt(seen)).isBetween(before - 1, before + 60);
  }

  private static double sentAt(Map<String, Object> seen) {
    return ((Number) ((Map<?, ?>) seen.get("headers")).get("stalk_sent_at")).doubleValue();
  }

  @Test
  void aJavaWorkerMeasuresTheWaitFromSendingToStart() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    AsyncResult result = client.send(TaskSignature.of("calling.waited").on("waiting"));
    long sent = System.nanoTime();
    Interop.await(
        "it has waited for a while", () -> System.nanoTime() - sent > TimeUnit.SECONDS.toNanos(1));
    try (Worker worker =
        Worker.builder()
            .config(
                WorkerConfig.builder()
                    .broker(peers.config().build())
                    .queue("waiting", new QueueConfig(1, 0))
                    .build())
            .task("calling.waited", (context, arguments) -> "here")
            .metrics(meters)
            .build()) {
      worker.start();
      assertThat(result.get(String.class, PATIENCE)).isEqualTo("here");
    }

    assertThat(meters.get("stalk.queue.wait").timer().count()).isOne();
    assertThat(meters.get("stalk.queue.wait").timer().totalTime(TimeUnit.SECONDS))
        .isBetween(0.9, 120.0);
  }

  @Test
  void aWorkersOwnTasksAreRoutedByItsRules() {
    RoutingConfig routing =
        RoutingConfig.builder()
            .route(
                RouteMap.builder()
                    .route("routed.*", SendOptions.builder().queue("by-rule").priority(6).build())
                    .build())
            .build();
    try (Worker worker =
        Worker.builder()
            .config(
                WorkerConfig.builder()
                    .broker(peers.config().routing(routing).build())
                    .queue("routing-java", new QueueConfig(1, 0))
                    .build())
            .task("calling.sends", (c, arguments) -> c.send(TaskSignature.of("routed.sent")))
            .metrics(new SimpleMeterRegistry())
            .build()) {
      worker.start();
      client
          .send(
              TaskSignature.of("calling.sends")
                  .on("routing-java")
                  .link(TaskSignature.of("routed.linked")))
          .get(String.class, PATIENCE);
    }

    assertThat(peers.list("by-rule\u0006\u00166").toString())
        .contains("\"task\": \"routed.sent\"")
        .contains("\"task\": \"routed.linked\"");
  }

  @Test
  void anUnknownQueueIsRefusedHereAndNothingIsSent() {
    BrokerClient strict =
        peers.client(
            peers
                .config()
                .routing(
                    RoutingConfig.builder()
                        .queue(QueueDeclaration.of("python"))
                        .createMissingQueues(false)
                        .build())
                .build());

    assertThatThrownBy(() -> strict.send(TaskSignature.of("interop.add", 1, 1).on("typo")))
        .isInstanceOf(QueueNotFoundException.class)
        .hasMessageContaining("'typo'");
    assertThatThrownBy(
            () ->
                python.eval(
                    """
                    from celery.app import routes
                    app.amqp.queues.create_missing = False
                    try:
                        app.send_task('interop.add', (1, 1), queue='typo')
                    finally:
                        app.amqp.queues.create_missing = True
                    """))
        .hasMessageContaining("QueueNotFound");
    assertThat(peers.number("EXISTS", "typo", "_kombu.binding.typo")).isZero();
    assertThat(strict.send(TaskSignature.of("interop.add", 1, 1)).get(Integer.class, PATIENCE))
        .isEqualTo(2);
  }

  @Test
  void anExchangeWithoutABindingRaisesInsteadOfLosingTheMessage() {
    TaskSignature call = TaskSignature.of("interop.add", 1, 1);

    assertThatThrownBy(() -> client.send(call.to(Route.direct("nowhere", "key"))))
        .isInstanceOf(UnroutableException.class)
        .hasMessageContaining("'nowhere'")
        .hasMessageContaining("no queue is bound to it");
  }

  @Test
  void aDeclaredQueueOfATopicExchangeIsReachedThroughItsExchange() {
    BrokerClient topical =
        peers.client(
            peers
                .config()
                .routing(
                    RoutingConfig.builder()
                        .queue(
                            QueueDeclaration.of("topical")
                                .boundBy(Route.topic("calling", "calls.#")))
                        .build())
                .build());

    topical.send(TaskSignature.of("interop.add", 1, 1).on("topical"));

    assertThat(peers.list("topical")).hasSize(1);
    assertThat(peers.list("topical").get(0))
        .contains("\"exchange\": \"calling\", \"routing_key\": \"calls.#\"");
  }

  @Test
  void aBrokerThatIsAwayIsAskedAgainAsThePolicySaysAndNothingIsSentTwice() throws Exception {
    try (Interop away = new Interop();
        BrokerClient sender = BrokerClient.connect(away.config().build())) {
      TaskSignature call = TaskSignature.of("interop.add", 1, 1);
      sender.send(call.withId("before"));
      assertThat(away.number("LLEN", "python")).isOne();
      away.redis().command("DEL", "python");
      away.redis().kill();

      assertThat(failing(sender, call)).isGreaterThanOrEqualTo(Duration.ofMillis(600));
      Duration pause = Duration.ofMillis(900);
      PublishRetry own = PublishRetry.upTo(2).withIntervals(pause, Duration.ZERO, pause);
      assertThat(failing(sender, call.withRetry(own)))
          .isGreaterThanOrEqualTo(Duration.ofMillis(1800));
      Duration atOnce = failing(sender, call.withRetry(PublishRetry.NEVER));
      assertThat(atOnce).isLessThan(Duration.ofSeconds(5));

      PublishRetry patient =
          PublishRetry.upTo(PublishRetry.FOREVER)
              .withIntervals(Duration.ofMillis(50), Duration.ZERO, Duration.ofMillis(50));
      Thread waiting =
          new Thread(
              () -> sender.send(call.withId("waited").withRetry(patient)), "sender-that-waits");
      waiting.start();
      Interop.await(
          "it waits for its next try", () -> waiting.getState() == Thread.State.TIMED_WAITING);
      away.redis().restart();
      waiting.join(PATIENCE.toMillis());
      assertThat(waiting.isAlive()).isFalse();
      sender.send(call.withId("after"));

      List<String> sent = away.list("python");
      assertThat(sent).hasSize(2);
      assertThat(sent.get(1)).contains("\"id\": \"waited\"");
      assertThat(sent.get(0)).contains("\"id\": \"after\"");
    }
  }

  private static Duration failing(BrokerClient sender, TaskSignature call) {
    long start = System.nanoTime();
    assertThatThrownBy(() -> sender.send(call))
        .isInstanceOf(dev.stalk.broker.transport.BrokerUnavailableException.class);
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
