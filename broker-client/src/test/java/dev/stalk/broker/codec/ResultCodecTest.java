package dev.stalk.broker.codec;

import static dev.stalk.broker.codec.Fixtures.CELERY_52;
import static dev.stalk.broker.codec.Fixtures.CELERY_57;
import static dev.stalk.broker.codec.Fixtures.bytes;
import static dev.stalk.broker.codec.Fixtures.text;
import static dev.stalk.broker.codec.Fixtures.tree;
import static dev.stalk.broker.codec.Fixtures.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResultCodecTest {
  /** Read otherwise: the wrapper is taken off, the fields of result_extended are left out. */
  private static final Set<String> NOT_WRITTEN_BACK =
      Set.of("failure-unpickleable", "success-extended");

  private static Stream<String> metas() {
    return Stream.of(CELERY_52, CELERY_57)
        .map(version -> version + "results")
        .flatMap(
            folder ->
                Fixtures.names(folder)
                    .filter(name -> !NOT_WRITTEN_BACK.contains(name))
                    .map(name -> folder + "/" + name + ".json"));
  }

  @ParameterizedTest
  @MethodSource("metas")
  void metaOfCeleryIsWrittenBackByteForByte(String file) {
    byte[] meta = bytes(file);
    String group = tree(meta).path("group_id").asString(null);

    TaskResult result = ResultCodec.decode(tree(meta).get("task_id").asString(), meta);

    assertThat(text(ResultCodec.encode(result, group))).isEqualTo(text(meta));
  }

  private static Stream<Arguments> values() {
    Map<String, Object> document = new LinkedHashMap<>();
    Map<String, Object> inner = new LinkedHashMap<>();
    inner.put("a", null);
    document.put("items", List.of(1, 2.5, inner));
    document.put("empty", Map.of());
    document.put("big", BigInteger.TEN.pow(30));
    return Stream.of(
        arguments("success-number", "SUCCESS", 5),
        arguments("success-null", "SUCCESS", null),
        arguments("success-text", "SUCCESS", "h\u00e9llo \ud83d\ude00"),
        arguments("success-document", "SUCCESS", document),
        arguments(
            "success-not-finite",
            "SUCCESS",
            List.of(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY)),
        arguments("success-extended", "SUCCESS", 5),
        arguments("started", "STARTED", Map.of("pid", 4242, "hostname", "w1@client1")),
        arguments("progress", "PROGRESS", Map.of("done", 3, "of", 10)));
  }

  @ParameterizedTest
  @MethodSource("values")
  void valueOfAStateIsRead(String name, String state, Object value) {
    for (String version : List.of(CELERY_52, CELERY_57)) {
      TaskResult result = decode(version, name);

      assertThat(result.state()).isEqualTo(new TaskState(state));
      assertThat(result.value()).isEqualTo(value);
      assertThat(result.failure()).isNull();
      assertThat(result.traceback()).isNull();
    }
  }

  private static Stream<Arguments> failures() {
    return Stream.of(
        arguments("failure", "FAILURE", RemoteException.of("builtins", "ValueError", "bad", 3)),
        arguments("failure-in-group", "FAILURE", RemoteException.of("builtins", "KeyError", "k")),
        arguments(
            "failure-nested-class",
            "FAILURE",
            RemoteException.of("acme.errors", "Outer.Inner", "inside")),
        arguments("failure-no-arguments", "FAILURE", RemoteException.of("builtins", "ValueError")),
        arguments(
            "failure-unencodable-argument",
            "FAILURE",
            RemoteException.of("builtins", "ValueError", "Money(3)", "and text")),
        arguments(
            "failure-without-traceback",
            "FAILURE",
            RemoteException.of("celery.exceptions", "NotRegistered", "acme.gone")),
        arguments(
            "failure-unpickleable",
            "FAILURE",
            RemoteException.of("acme.errors", "Unpickleable", "why", 7)),
        arguments(
            "revoked",
            "REVOKED",
            RemoteException.of("celery.exceptions", "TaskRevokedError", "terminated")),
        arguments("retry", "RETRY", RemoteException.of("builtins", "ConnectionError", "refused")),
        arguments("retry-without-exception", "RETRY", null));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void exceptionOfAStateIsRead(String name, String state, RemoteException failure) {
    for (String version : List.of(CELERY_52, CELERY_57)) {
      TaskResult result = decode(version, name);

      assertThat(result.state()).isEqualTo(new TaskState(state));
      assertThat(result.failure()).isEqualTo(failure);
    }
  }

  @Test
  void typedValuesOfCelery57AreRead() {
    assertThat(decode(CELERY_57, "success-typed").value())
        .usingRecursiveComparison()
        .isEqualTo(
            List.of(
                OffsetDateTime.parse("2026-11-21T23:03:13.614765Z"),
                new BigDecimal("1.50"),
                new byte[] {(byte) 0xff}));
    assertThat(decode(CELERY_57, "failure-typed-argument").failure())
        .isEqualTo(
            RemoteException.of(
                "builtins", "ValueError", new BigDecimal("1.50"), LocalDate.of(2024, 2, 29)));
  }

  @ParameterizedTest
  @ValueSource(strings = {CELERY_52, CELERY_57})
  void whatStandsAroundTheValueIsRead(String version) {
    assertThat(decode(version, "failure").traceback())
        .startsWith("Traceback (most recent call last):\n")
        .endsWith("ValueError: ('bad', 3)\n");
    assertThat(decode(version, "success-in-group").parentId())
        .isEqualTo("00000000-0000-4000-8000-0000000007d3");
    assertThat(decode(version, "success-number").dateDone())
        .startsWith("2026-11-21T23:03:13.614765");
    assertThat(decode(version, "progress").dateDone()).isNull();
    assertThat(decode(version, "progress").children()).isNull();
    assertThat(decode(version, "success-number").children()).isEmpty();
    assertThat(decode(version, "success-with-children").children())
        .containsExactly(
            Arrays.asList(
                List.of(
                    "00000000-0000-4000-8000-0000000007d1",
                    Arrays.asList(
                        Arrays.asList("00000000-0000-4000-8000-0000000007d0", null), null)),
                null));
  }

  @Test
  void smallestMetaIsRead() {
    TaskResult result = ResultCodec.decode("id", utf8("{\"status\": \"SUCCESS\"}"));

    assertThat(result)
        .isEqualTo(new TaskResult("id", TaskState.SUCCESS, null, null, null, null, null, null));
  }

  private static Stream<Arguments> otherExceptions() {
    return Stream.of(
        arguments("{\"exc_type\": \"E\", \"exc_message\": \"old\"}", exception("E", null, "old")),
        arguments("{\"exc_type\": \"E\"}", exception("E", null)),
        arguments(
            "{\"exc_type\": \"E\", \"exc_message\": null, \"exc_module\": null}",
            exception("E", null)),
        arguments(
            "{\"exc_type\": \"E\", \"exc_message\": {\"a\": 1}, \"exc_module\": \"m\"}",
            exception("E", "m", Map.of("a", 1))),
        arguments(
            "{\"exc_type\": 5, \"exc_message\": [null], \"exc_module\": 6}",
            exception("", null, (Object) null)),
        arguments(
            "{\"exc_type\": \"UnpickleableExceptionWrapper\", \"exc_message\": [\"m\", \"E\"]}",
            exception("UnpickleableExceptionWrapper", null, "m", "E")),
        arguments(
            "{\"exc_type\": \"UnpickleableExceptionWrapper\","
                + " \"exc_message\": [\"m\", \"E\", [1, null]]}",
            exception("E", "m", 1, null)),
        arguments("\"only text\"", exception("", null, "only text")),
        arguments("[1]", exception("", null, List.of(1))),
        arguments("{}", exception("", null)),
        arguments("null", null));
  }

  private static RemoteException exception(String type, String module, Object... arguments) {
    return new RemoteException(type, module, Arrays.asList(arguments));
  }

  @ParameterizedTest
  @MethodSource("otherExceptions")
  void exceptionInAnyFormIsRead(String stored, RemoteException expected) {
    byte[] meta = utf8("{\"status\": \"FAILURE\", \"result\": %s}".formatted(stored));

    assertThat(ResultCodec.decode("id", meta).failure()).isEqualTo(expected);
  }

  @Test
  void fieldsOfOtherKindsAreTakenAsMissing() {
    byte[] meta =
        utf8(
            "{\"status\": \"X\", \"traceback\": 1, \"date_done\": 2, \"parent_id\": [],"
                + " \"children\": {}, \"unknown\": 1}");

    assertThat(ResultCodec.decode("id", meta))
        .isEqualTo(new TaskResult("id", new TaskState("X"), null, null, null, null, null, null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "[]",
        "5",
        "{}",
        "{\"status\": null}",
        "{\"status\": 1}",
        "{\"status\": \"\"}"
      })
  void whatIsNoMetaIsMalformed(String meta) {
    assertThatThrownBy(() -> ResultCodec.decode("id", utf8(meta)))
        .isInstanceOf(MalformedMessageException.class);
  }

  @Test
  void argumentThatCannotBeWrittenIsReplacedByItsText() {
    Object money =
        new Object() {
          @Override
          public String toString() {
            return "Money(3)";
          }
        };
    TaskResult result = failed(RemoteException.of("java.lang", "IllegalStateException", money, 1));

    assertThat(text(ResultCodec.encode(result, null)))
        .isEqualTo(
            "{\"status\": \"FAILURE\", \"result\": {\"exc_type\": \"IllegalStateException\","
                + " \"exc_message\": [\"Money(3)\", 1], \"exc_module\": \"java.lang\"},"
                + " \"traceback\": null, \"children\": null, \"date_done\": null,"
                + " \"task_id\": \"id\"}");
  }

  @Test
  void valueThatCannotBeWrittenIsRefused() {
    TaskResult result =
        new TaskResult("id", TaskState.SUCCESS, new Object(), null, null, null, null, null);

    assertThatThrownBy(() -> ResultCodec.encode(result, null))
        .isInstanceOf(EncodingException.class);
  }

  @Test
  void endIsWrittenWithSixDigitsAndAnOffset() {
    assertThat(ResultCodec.dateDone(Instant.parse("2026-11-21T23:03:13Z")))
        .isEqualTo("2026-11-21T23:03:13.000000+00:00");
    assertThat(ResultCodec.dateDone(Instant.parse("2026-11-21T23:03:13.123456789Z")))
        .isEqualTo("2026-11-21T23:03:13.123456+00:00");
  }

  private static TaskResult failed(RemoteException failure) {
    return new TaskResult("id", TaskState.FAILURE, null, failure, null, null, null, null);
  }

  private static TaskResult decode(String version, String name) {
    return ResultCodec.decode("id", bytes(version + "results/" + name + ".json"));
  }
}
