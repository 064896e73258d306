package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonSession;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Messages from Java in the events and results of a new and of an old Celery worker. */
@Timeout(180)
class SeenByPythonIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String LISTEN =
      """
      import ear, time
      heard = []
      ear.listen(app, heard.append)

      def received(id, *fields):
          end = time.time() + 45
          while time.time() < end:
              for event in list(heard):
                  if event['type'] == 'task-received' and event['uuid'] == id:
                      return [event[field] for field in fields]
              time.sleep(0.01)
          raise AssertionError(f'{id} was not received; heard {[e["type"] for e in heard]}')
      """;

  private static final Map<String, CeleryWorker> workers = new HashMap<>();
  private static Interop peers;
  private static BrokerClient client;
  private static PythonSession python;

  static List<String> lines() {
    return List.of("5.7", "5.2");
  }

  @BeforeAll
  static void start() {
    peers = new Interop();
    client = peers.client();
    for (String line : lines()) {
      workers.put(
          line,
          peers.closed(
              CeleryWorker.builder(PythonEnvironment.celery(line))
                  .app("interop")
                  .directory(Interop.pythonSources())
                  .environment("REDIS_URL", peers.redis().url())
                  .name("seen-" + line + "@%h")
                  .queues(line)
                  .concurrency(2)
                  .quiet()
                  .arguments("--task-events")
                  .start()));
    }
    python = peers.python();
    python.eval(LISTEN);
  }

  @AfterAll
  static void stop() {
    peers.close();
  }

  private static JsonNode received(String id, String... fields) {
    return python.eval("received('%s', '%s')".formatted(id, String.join("', '", fields)));
  }

  private static Instant instant(JsonNode text) {
    return OffsetDateTime.parse(text.stringValue()).toInstant();
  }

  @ParameterizedTest
  @MethodSource("lines")
  void aCallWithEveryHeaderRunsAndIsShownAsItWasMade(String line) {
    Instant eta = Instant.parse("2020-02-02T02:02:02.123456Z");
    Instant expires = Instant.parse("2099-01-02T03:04:05.000678Z");
    SendOptions options =
        SendOptions.builder()
            .queue(line)
            .shadow("shown as this")
            .priority(6)
            .eta(eta)
            .expires(expires)
            .timeLimit(Duration.ofSeconds(60))
            .softTimeLimit(Duration.ofMillis(45_500))
            .ignoreResult(false)
            .header("x-tenant", "t1")
            .build();

    AsyncResult sum = client.send(TaskSignature.of("interop.add", 2).kwarg("y", 3).with(options));

    assertThat(sum.get(Integer.class, PATIENCE)).isEqualTo(5);
    JsonNode event = received(sum.id(), "name", "args", "kwargs", "root_id", "eta", "expires");
    assertThat(event.get(0).stringValue()).isEqualTo("shown as this");
    assertThat(event.get(1).stringValue()).isEqualTo("(2,)");
    assertThat(event.get(2).stringValue()).isEqualTo("{'y': 3}");
    assertThat(event.get(3).stringValue()).isEqualTo(sum.id());
    assertThat(instant(event.get(4))).isEqualTo(eta);
    assertThat(instant(event.get(5))).isEqualTo(expires);
  }

  @ParameterizedTest
  @MethodSource("lines")
  void aHeaderOfOnesOwnIsWhereThatCeleryPutsIt(String line) {
    AsyncResult seen =
        client.send(TaskSignature.of("interop.tenant").on(line).withHeader("x_tenant", "t1"));

    assertThat(seen.get(Object.class, PATIENCE))
        .isEqualTo(line.equals("5.2") ? Arrays.asList("t1", null) : Arrays.asList("t1", "t1"));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void theHardLimitOfACallEndsItsTask(String line) {
    AsyncResult slow =
        client.send(
            TaskSignature.of("interop.mark", "limited-" + line, "x", 30)
                .with(SendOptions.builder().queue(line).timeLimit(Duration.ofSeconds(2)).build()));

    TaskResult end = slow.await(PATIENCE);

    assertThat(end.state()).isEqualTo(TaskState.FAILURE);
    assertThat(end.failure().type()).isEqualTo("TimeLimitExceeded");
    assertThat(end.failure().arguments()).isEqualTo(List.of(2));
    assertThat(peers.number("EXISTS", "limited-" + line)).isZero();
  }

  @ParameterizedTest
  @MethodSource("lines")
  void aTaskSentByAJavaTaskIsItsChildOfTheSameRoot(String line) {
    peers.worker(
        worker ->
            worker.task(
                "seen.parent",
                (context, arguments) ->
                    context.send(TaskSignature.of("interop.add", 1, 1).on(line))),
        "parents-" + line);

    AsyncResult parent =
        client.send(
            TaskSignature.of("seen.parent")
                .with(SendOptions.builder().queue("parents-" + line).rootId("r-1").build()));
    String child = Objects.requireNonNull(parent.get(String.class, PATIENCE));

    assertThat(received(child, "parent_id", "root_id").toString())
        .isEqualTo("[\"%s\",\"r-1\"]".formatted(parent.id()));
  }

  @ParameterizedTest
  @MethodSource("lines")
  void aCountdownIsSoManySecondsFromNowAndNoneIsNoTime(String line) {
    TaskSignature call = TaskSignature.of("interop.add", 1, 1).on(line);
    Instant before = Instant.now().minusMillis(1);
    String later = client.send(call.withCountdown(Duration.ofSeconds(10))).id();
    Instant after = Instant.now();
    String atOnce = client.send(call.withCountdown(Duration.ZERO)).id();

    assertThat(instant(received(later, "eta").get(0)))
        .isBetween(before.plusSeconds(10), after.plusSeconds(10));
    assertThat(received(atOnce, "eta").get(0).isNull()).isTrue();
  }

  @ParameterizedTest
  @MethodSource("lines")
  void aTaskThatIsNotFetchedInTimeIsRevoked(String line) {
    CeleryWorker worker = Objects.requireNonNull(workers.get(line));
    worker.freeze();
    AsyncResult late =
        client.send(
            TaskSignature.of("interop.mark", "expired-" + line, "x")
                .on(line)
                .expiringAfter(Duration.ofSeconds(1)));
    Instant expired = Instant.now().plusSeconds(1);
    Interop.await("its time is up", () -> Instant.now().isAfter(expired));
    worker.thaw();

    TaskResult end = late.await(PATIENCE);

    assertThat(end.state()).isEqualTo(TaskState.REVOKED);
    assertThat(end.failure().type()).isEqualTo("TaskRevokedError");
    assertThat(end.failure().arguments()).isEqualTo(List.of("expired"));
    assertThat(peers.number("EXISTS", "expired-" + line)).isZero();
  }
}
