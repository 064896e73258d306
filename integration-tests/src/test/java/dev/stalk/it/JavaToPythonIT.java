package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.ResultTimeoutException;
import dev.stalk.broker.TaskFailedException;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.core.type.TypeReference;

/** A Java client, a real Celery worker. */
class JavaToPythonIT {
  private static final Duration PATIENCE = Interop.PATIENCE;
  private static Interop peers;
  private static BrokerClient client;

  @BeforeAll
  static void start() {
    peers = new Interop();
    client = peers.client();
    peers.celeryWorker(2, "python");
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  static Stream<Object> values() {
    return Stream.of(
        1,
        -7,
        Long.MAX_VALUE,
        new BigInteger("123456789012345678901234567890"),
        0.1,
        1e300,
        1e16,
        -0.0,
        true,
        "plain",
        "",
        "Zażółć gęślą jaźń, 漢字, \uD83E\uDD6C, \"quoted\", back\\slash, \u0000\u001f\u007f",
        List.of(),
        Map.of(),
        List.of(1, List.of(2, List.of(3, List.of(4)))),
        Map.of("a", Map.of("b", List.of(Map.of("c", 1.5)))));
  }

  @ParameterizedTest
  @MethodSource("values")
  void aValueComesBackAsItWent(Object value) {
    AsyncResult result = client.send(TaskSignature.of("interop.echo", value));

    assertThat(result.get(Object.class, PATIENCE)).isEqualTo(value);
  }

  @Test
  void nullsComeBackAsNulls() {
    List<Object> value = Arrays.asList(null, Arrays.asList((Object) null));

    assertThat(client.send(TaskSignature.of("interop.echo", value)).get(Object.class, PATIENCE))
        .isEqualTo(value);
    assertThat(
            client
                .send(TaskSignature.of("interop.echo", (Object) null))
                .get(Object.class, PATIENCE))
        .isNull();
  }

  @Test
  void pythonSeesKeywordArgumentsAsKeywordArguments() {
    TaskSignature call =
        TaskSignature.of("interop.describe", 1, "two").kwarg("three", 3.0).kwarg("four", null);

    assertThat(client.send(call).get(String.class, PATIENCE))
        .isEqualTo("((1, 'two'), {'three': 3.0, 'four': None})");
  }

  @Test
  @Tag(Interop.NEWER_THAN_5_2)
  void pythonSeesTypedValuesAsItsOwnTypes() {
    TaskSignature call =
        TaskSignature.of(
            "interop.describe",
            OffsetDateTime.parse("2024-01-02T03:04:05.678901+02:00"),
            LocalDate.of(2024, 2, 29),
            new BigDecimal("1.50"),
            UUID.fromString("12345678-1234-5678-1234-567812345678"),
            new byte[] {(byte) 0xff, 0});

    assertThat(client.send(call).get(String.class, PATIENCE))
        .contains("datetime.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=")
        .contains("datetime.date(2024, 2, 29)")
        .contains("Decimal('1.50')")
        .contains("UUID('12345678-1234-5678-1234-567812345678')")
        .contains("b'\\xff\\x00'");
  }

  @Test
  void aMebibyteOfTextComesBack() {
    String text = "0123456789abcdef".repeat(64 * 1024);

    AsyncResult result = client.send(TaskSignature.of("interop.echo", text));

    assertThat(result.get(String.class, PATIENCE)).isEqualTo(text);
  }

  @Test
  void manyTasksSentAtOnceEachGetTheirOwnResult() {
    List<TaskSignature> calls = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      calls.add(TaskSignature.of("interop.add", i, 1000));
    }

    List<AsyncResult> results = client.sendAll(calls);

    for (int i = 0; i < results.size(); i++) {
      assertThat(results.get(i).get(Integer.class, PATIENCE)).isEqualTo(i + 1000);
    }
  }

  @Test
  void aResultIsReadAsRecordsAndGenerics() {
    AsyncResult result =
        client.send(
            TaskSignature.of(
                "interop.echo",
                List.of(new JavaTasks.Item("stalk", 2), new JavaTasks.Item("leaf", 3))));

    assertThat(result.get(new TypeReference<List<JavaTasks.Item>>() {}, PATIENCE))
        .containsExactly(new JavaTasks.Item("stalk", 2), new JavaTasks.Item("leaf", 3));
  }

  @Test
  void aPythonExceptionArrivesWithTypeModuleArgumentsAndTraceback() {
    AsyncResult result = client.send(TaskSignature.of("interop.fail", "bad", 3));

    assertThatThrownBy(() -> result.get(Object.class, PATIENCE))
        .isInstanceOfSatisfying(
            TaskFailedException.class,
            failure -> {
              assertThat(failure.type()).isEqualTo("ValueError");
              assertThat(failure.module()).isEqualTo("builtins");
              assertThat(failure.arguments()).containsExactly("bad", 3);
              assertThat(failure.traceback()).contains("raise ValueError(message, code)");
              assertThat(failure.taskId()).isEqualTo(result.id());
            });
    assertThat(result.state()).isEqualTo(TaskState.FAILURE);
  }

  @Test
  void anExceptionOfTheTasksOwnModuleArrivesByName() {
    AsyncResult result = client.send(TaskSignature.of("interop.odd"));

    assertThatThrownBy(() -> result.get(Object.class, PATIENCE))
        .hasMessageContaining("interop.Odd: unlike others");
  }

  @Test
  void aFutureDeliversValuesAndFailures() throws Exception {
    AsyncResult good = client.send(TaskSignature.of("interop.add", 2, 3));
    AsyncResult bad = client.send(TaskSignature.of("interop.fail", "bad", 3));

    assertThat(good.future(Integer.class).get(60, TimeUnit.SECONDS)).isEqualTo(5);
    assertThatThrownBy(() -> bad.future(Integer.class).orTimeout(60, TimeUnit.SECONDS).join())
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(TaskFailedException.class);
  }

  @Test
  void anIgnoredResultIsNotStored() {
    AsyncResult ignored = client.send(TaskSignature.of("interop.add", 1, 1).ignoringResult());
    client.send(TaskSignature.of("interop.add", 1, 1)).get(Integer.class, PATIENCE);
    client.send(TaskSignature.of("interop.add", 1, 1)).get(Integer.class, PATIENCE);

    assertThat(ignored.state()).isEqualTo(TaskState.PENDING);
    assertThatThrownBy(() -> ignored.get(Object.class, Duration.ofMillis(50)))
        .isInstanceOf(ResultTimeoutException.class);
  }

  @Test
  void aTaskDeclaredIgnoringStoresNothingWhenTheCallerSaysNothing() {
    AsyncResult quiet = client.send(TaskSignature.of("interop.quiet", "quiet-log"));

    Interop.await("the task has run", () -> peers.number("LLEN", "quiet-log") == 1);
    client.send(TaskSignature.of("interop.add", 1, 1)).get(Integer.class, PATIENCE);
    client.send(TaskSignature.of("interop.add", 1, 1)).get(Integer.class, PATIENCE);

    assertThat(quiet.state()).isEqualTo(TaskState.PENDING);
  }

  @Test
  void pythonSeesTheWholeRequest() {
    Instant eta = Instant.parse("2020-02-02T02:02:02.123456Z");
    SendOptions options =
        SendOptions.builder()
            .priority(6)
            .eta(eta)
            .expires(Instant.now().plusSeconds(3600))
            .timeLimit(Duration.ofSeconds(60))
            .softTimeLimit(Duration.ofMillis(45_500))
            .header("x-tenant", "t1")
            .build();

    AsyncResult result =
        client.send(TaskSignature.of("interop.request").kwarg("it's", 1).with(options));

    // the task takes no such argument: the arguments are as people read them all the same
    assertThatThrownBy(() -> result.get(Object.class, PATIENCE)).hasMessageContaining("TypeError");
    Map<String, Object> request =
        client
            .send(TaskSignature.of("interop.request").with(options))
            .get(new TypeReference<Map<String, Object>>() {}, PATIENCE);
    assertThat(request)
        .containsEntry("parent_id", null)
        .containsEntry("retries", 0)
        .containsEntry("argsrepr", "()")
        .containsEntry("kwargsrepr", "{}")
        .containsEntry("priority", 6)
        .containsEntry("routing_key", "python")
        .containsEntry("exchange", "")
        .containsEntry("timelimit", List.of(60, 45.5));
    assertThat(request.get("root_id")).isEqualTo(request.get("id"));
    assertThat(request.get("correlation_id")).isEqualTo(request.get("id"));
    assertThat((String) request.get("origin")).matches("gen\\d+@.+");
    assertThat((String) request.get("reply_to")).isNotEmpty();
  }

  @Test
  @Tag(Interop.NEWER_THAN_5_2)
  void pythonSeesHeadersOfOnesOwn() {
    SendOptions options = SendOptions.builder().header("x-tenant", "t1").build();

    Map<String, Object> request =
        client
            .send(TaskSignature.of("interop.request").with(options))
            .get(new TypeReference<Map<String, Object>>() {}, PATIENCE);

    assertThat(request).containsEntry("headers", Map.of("x-tenant", "t1"));
  }

  @Test
  void prioritiesLandInKombusListsAndTheBindingIsKombus() {
    for (int priority = 0; priority <= 9; priority++) {
      client.send(TaskSignature.of("interop.add").on("nobody").withPriority(priority));
    }

    assertThat(client.queueLengths("nobody")).isEqualTo(Map.of(0, 3L, 3, 3L, 6, 3L, 9, 1L));
    assertThat(peers.number("LLEN", "nobody\u0006\u00166")).isEqualTo(3);
    assertThat(peers.redis().command("SMEMBERS", "_kombu.binding.nobody"))
        .isEqualTo(List.of("nobody\u0006\u0016\u0006\u0016nobody"))
        .isEqualTo(peers.redis().command("SMEMBERS", "_kombu.binding_permanent.nobody"));
    assertThat(client.purge("nobody")).isEqualTo(10);
    assertThat(client.purge("nobody")).isZero();
  }

  @Test
  void anExpiredTaskIsRevokedByPython() {
    AsyncResult late =
        client.send(
            TaskSignature.of("interop.add", 1, 1).expiringAt(Instant.now().minusSeconds(1)));

    assertThatThrownBy(() -> late.get(Object.class, PATIENCE))
        .hasMessageContaining("REVOKED")
        .hasMessageContaining("TaskRevokedError: expired");
  }
}
