package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.JsonTypes;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.PythonEnvironment;
import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every serializer with every compression, both ways, against the newest Celery and an old one. */
class ContentIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<String> LINES = List.of("5.7", "5.2");
  private static final List<String> SERIALIZERS = List.of("json", "yaml", "msgpack");
  private static final List<String> COMPRESSIONS =
      List.of("none", "gzip", "bzip2", "lzma", "brotli", "zstd");
  private static final ContentConfig EVERYTHING =
      ContentConfig.builder().acceptContent("json", "yaml", "msgpack").build();

  private static Interop peers;
  private static BrokerClient client;
  private static final Map<String, PythonSession> sessions = new HashMap<>();

  @BeforeAll
  static void start() {
    peers = new Interop();
    client = peers.client(config(EVERYTHING));
    peers.javaWorker(config(EVERYTHING), 2, "java");
    for (String line : LINES) {
      celeryWorker(line, "json", "python" + line);
      sessions.put(line, python(line, "json"));
    }
  }

  private static BrokerConfig config(ContentConfig content) {
    return peers.config().content(content).build();
  }

  private static void celeryWorker(String line, String resultSerializer, String queue) {
    peers.closed(
        CeleryWorker.builder(PythonEnvironment.celeryWithContents(line))
            .app("content")
            .directory(Interop.pythonSources())
            .environment("REDIS_URL", peers.redis().url())
            .environment("RESULT_SERIALIZER", resultSerializer)
            .queues(queue)
            .concurrency(1)
            .quiet()
            .start());
  }

  private static PythonSession python(String line, String resultSerializer) {
    PythonSession session =
        peers.closed(
            PythonSession.builder(PythonEnvironment.celeryWithContents(line))
                .module("content")
                .directory(Interop.pythonSources())
                .environment("REDIS_URL", peers.redis().url())
                .environment("RESULT_SERIALIZER", resultSerializer)
                .start());
    session.eval("import datetime, decimal, uuid");
    return session;
  }

  @AfterAll
  static void stop() {
    if (peers != null) {
      peers.close();
    }
  }

  private static Stream<Arguments> contents() {
    return LINES.stream()
        .flatMap(
            line ->
                SERIALIZERS.stream()
                    .flatMap(
                        serializer ->
                            COMPRESSIONS.stream()
                                .map(compression -> Arguments.of(line, serializer, compression))));
  }

  /** Values of Java, and the same in Python. */
  private record Sample(List<Object> java, List<String> python) {
    Sample() {
      this(new ArrayList<>(), new ArrayList<>());
    }

    Sample with(Object value, String expression) {
      java.add(value);
      python.add(expression);
      return this;
    }

    /** As arguments of a call, or the items of a tuple. */
    String expressions() {
      return "(" + String.join(", ", python) + ",)";
    }
  }

  private static Sample sample(String line, String serializer) {
    Sample sample =
        new Sample()
            .with(null, "None")
            .with(true, "True")
            .with(-33, "-33")
            .with(2147483648L, "2147483648")
            .with(1.5e-7, "1.5e-07")
            .with(1e300, "1e+300")
            .with(Double.NEGATIVE_INFINITY, "float('-inf')")
            .with("", "''")
            .with(
                "\u017c \uD83E\uDD6C \"q\" \\ \0\177\n",
                "'\u017c \\U0001f96c \"q\" \\\\ \\x00\\x7f\\n'")
            .with("x".repeat(5000), "'x' * 5000")
            .with(List.of(List.of(), Map.of()), "[[], {}]")
            .with(Map.of("k".repeat(2000), List.of(1)), "{'k' * 2000: [1]}");
    for (String text :
        List.of("yes", "no", "~", "null", "0o14", "014", "1:30", "1e5", "2024-01-02", "<<", "=")) {
      sample.with(text, "'" + text + "'");
    }
    if (!serializer.equals("msgpack")) {
      sample
          .with(BigInteger.TEN.pow(30), "10 ** 30")
          .with("\uD800", "'\\ud800'")
          .with(Map.of("\uDC00k", 1), "{'\\udc00k': 1}");
    }
    if (serializer.equals("msgpack")) {
      sample.with(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE), "2 ** 64 - 1");
    }
    if (serializer.equals("yaml")) {
      sample
          .with(LocalDate.of(2024, 1, 2), "datetime.date(2024, 1, 2)")
          .with(
              LocalDateTime.of(2024, 1, 2, 3, 4, 5, 6000),
              "datetime.datetime(2024, 1, 2, 3, 4, 5, 6)")
          .with(
              Instant.parse("2024-01-02T03:04:05Z"),
              "datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)");
    }
    if (serializer.equals("json") && line.equals("5.7")) {
      sample
          .with(LocalTime.of(3, 4, 5), "datetime.time(3, 4, 5)")
          .with(new BigDecimal("1.50"), "decimal.Decimal('1.50')")
          .with(new UUID(1, 2), "uuid.UUID(int=(1 << 64) + 2)");
    }
    if (!serializer.equals("json") || line.equals("5.7")) {
      sample.with(new byte[] {0, -1, 'a'}, "b'\\x00\\xffa'");
    }
    return sample;
  }

  @ParameterizedTest
  @MethodSource("contents")
  void pythonReadsWhatJavaSends(String line, String serializer, String compression) {
    Sample sample = sample(line, serializer);

    AsyncResult result =
        client.send(
            call("interop.describe", sample.java().toArray())
                .on("python" + line)
                .with(options(line, serializer, compression)));

    assertThat(result.get(String.class, PATIENCE))
        .isEqualTo(
            sessions.get(line).eval("repr((" + sample.expressions() + ", {}))").stringValue());
  }

  private static TaskSignature call(String task, Object... args) {
    return TaskSignature.of(task, args);
  }

  private static SendOptions options(String line, String serializer, String compression) {
    return SendOptions.builder()
        .queue("python" + line)
        .serializer(serializer)
        .compression(compression)
        .build();
  }

  /** The result goes back as JSON, so what that has no form for is left out for the old Celery. */
  @ParameterizedTest
  @MethodSource("contents")
  void javaReadsWhatPythonSends(String line, String serializer, String compression) {
    String values =
        line.equals("5.7")
            ? sample(line, serializer).expressions()
            : sample(line, "json")
                .expressions()
                .replace("10 ** 30", "1")
                .replace("'\\ud800'", "1")
                .replace("{'\\udc00k': 1}", "1");

    assertThat(
            sessions
                .get(line)
                .eval(
                    "values = list(%s)%napp.send_task('java.echo', (values,), queue='java', serializer='%s', compression=%s).get(timeout=60) == values"
                        .formatted(
                            values,
                            serializer,
                            compression.equals("none") ? "None" : "'" + compression + "'"))
                .booleanValue())
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"yaml", "msgpack"})
  void resultsTravelInTheConfiguredSerializer(String serializer) {
    celeryWorker("5.7", serializer, serializer + "-python");
    ContentConfig content =
        EVERYTHING.toBuilder().resultSerializer(serializer).taskSerializer(serializer).build();
    peers.javaWorker(config(content), 1, serializer + "-java");
    PythonSession python = python("5.7", serializer);
    Map<String, Object> value = Map.of("k", Arrays.asList(1, null, "0o14", new byte[] {1, -1}));

    AsyncResult fromPython = client.send(call("interop.echo", 5.5).on(serializer + "-python"));
    assertThat(fromPython.get(Double.class, PATIENCE)).isEqualTo(5.5);
    AsyncResult failed = client.send(call("interop.fail", "no", 7).on(serializer + "-python"));
    TaskResult failure = failed.await(PATIENCE);
    assertThat(failure.state()).isEqualTo(TaskState.FAILURE);
    assertThat(failure.failure().arguments()).isEqualTo(List.of("no", 7));

    AsyncResult fromJava =
        client.send(
            call("java.echo", value)
                .with(
                    SendOptions.builder()
                        .queue(serializer + "-java")
                        .serializer(serializer)
                        .build()));
    assertThat((Object) fromJava.get(Map.class, PATIENCE))
        .usingRecursiveComparison()
        .isEqualTo(value);
    assertThat(
            python
                .eval("repr(app.AsyncResult('%s').get(timeout=60)['k'])".formatted(fromJava.id()))
                .stringValue())
        .isEqualTo("[1, None, '0o14', b'\\x01\\xff']");
    assertThatThrownBy(
            () ->
                python.eval(
                    "app.send_task('java.fail', ('boom',), queue='%s-java').get(timeout=60)"
                        .formatted(serializer)))
        .isInstanceOf(PythonRaised.class)
        .hasMessageContaining("boom");
  }

  @Test
  void typedValuesOfAnOldCeleryAreTheTextsItMakesOfThem() {
    assertThat(
            sessions
                .get("5.2")
                .eval(
                    """
                    values = [datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
                              decimal.Decimal('1.50'), uuid.UUID(int=(1 << 64) + 2)]
                    app.send_task('java.echo', (values,), queue='java').get(timeout=60)
                    """)
                .toString())
        .isEqualTo("[\"2024-01-02T03:04:05Z\",\"1.50\",\"00000000-0000-0001-0000-000000000002\"]");
  }

  @Test
  void anOldCeleryGetsPlainTypesWhereAskedFor() {
    BrokerClient plain =
        peers.client(config(ContentConfig.builder().jsonTypes(JsonTypes.PLAIN).build()));

    AsyncResult result =
        plain.send(
            call(
                    "interop.describe",
                    LocalDate.of(2024, 1, 2),
                    Instant.parse("2024-01-02T03:04:05Z"),
                    LocalTime.of(3, 4),
                    new BigDecimal("1.50"),
                    new UUID(1, 2))
                .on("python5.2"));

    assertThat(result.get(String.class, PATIENCE))
        .isEqualTo(
            "(('2024-01-02T00:00:00', '2024-01-02T03:04:05Z', '03:04:00', '1.50',"
                + " '00000000-0000-0001-0000-000000000002'), {})");
  }

  @Test
  void whatIsNotAcceptedFailsAndIsKeptAndTheQueueGoesOn() {
    peers.javaWorker(config(ContentConfig.DEFAULT), 1, "picky");
    PythonSession python = sessions.get("5.7");

    for (String serializer : List.of("pickle", "yaml", "msgpack")) {
      assertThatThrownBy(
              () ->
                  python.eval(
                      "app.send_task('java.echo', (1,), queue='picky', serializer='%s').get(timeout=60)"
                          .formatted(serializer)))
          .isInstanceOf(PythonRaised.class)
          .hasMessageContaining(
              serializer.equals("pickle") ? "pickle is refused" : "may name " + serializer);
    }
    assertThat(peers.list("picky.quarantine")).hasSize(3);
    assertThat(client.send(call("java.add", 2, 3).on("picky")).get(Long.class, PATIENCE))
        .isEqualTo(5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "bzip2", "lzma", "brotli", "zstd"})
  void aBombIsNotUnpacked(String compression) {
    String queue = "small-" + compression;
    peers.javaWorker(
        config(ContentConfig.builder().maxDecompressedSize(1 << 20).build()), 1, queue);

    assertThatThrownBy(
            () ->
                sessions
                    .get("5.7")
                    .eval(
                        "app.send_task('java.echo', ('0' * (64 << 20),), queue='%s', compression='%s', argsrepr='big').get(timeout=60)"
                            .formatted(queue, compression)))
        .isInstanceOf(PythonRaised.class)
        .hasMessageContaining("content.max-decompressed-size");
    assertThat(client.send(call("java.add", 2, 3).on(queue)).get(Long.class, PATIENCE))
        .isEqualTo(5);
  }

  @Test
  void aResultThatIsTooLargeFailsByNameAndTheQueueGoesOn() {
    peers.javaWorker(config(ContentConfig.builder().maxResultSize(4096).build()), 1, "short");

    assertThat(
            sessions
                .get("5.7")
                .eval(
                    """
                    try:
                        app.send_task('java.echo', ('x' * 5000,), queue='short').get(timeout=60)
                        outcome = 'stored'
                    except Exception as e:
                        outcome = type(e).__name__ + ' ' + str(e)
                    outcome""")
                .stringValue())
        .startsWith("BackendStoreError ")
        .contains("content.max-result-size");
    assertThat(client.send(call("java.add", 2, 3).on("short")).get(Long.class, PATIENCE))
        .isEqualTo(5);
  }

  /** Nothing but a text or bytes can be raw, which Celery does not see before it is too late. */
  @Test
  void neitherSideSendsATaskRaw() {
    assertThatThrownBy(
            () ->
                sessions
                    .get("5.7")
                    .eval("app.send_task('java.echo', (1,), queue='java', serializer='raw')"))
        .isInstanceOf(PythonRaised.class);
    assertThatThrownBy(
            () ->
                client.send(
                    call("java.echo", 1)
                        .with(SendOptions.builder().queue("java").serializer("raw").build())))
        .hasMessageContaining("raw carries a text or bytes alone");
  }
}
