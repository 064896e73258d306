package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.message.PublishRetry;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.CeleryWorker;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * A thousand calls of a Java client, each made of whatever its types let pass: a Python worker
 * reads all of them, and goes on. What could not be read is refused here.
 */
class RandomCallsIT {
  private static final long SEED = 20_261_122;
  private static final LocalDateTime NOON = LocalDateTime.of(2026, 11, 22, 12, 0, 0, 123_456_789);
  private static final int CALLS = 1000;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final List<String> COMPLAINTS =
      List.of(
          "Unrecoverable error",
          "Can't decode message body",
          "Received invalid task message",
          "Received unregistered task",
          "Received and deleted unknown message",
          "Received a message with unregistered",
          "Refusing to deserialize");

  private final Random random = new Random(SEED);

  @Test
  void noneOfAThousandRandomCallsHarmsAPythonWorker() {
    try (Interop peers = new Interop()) {
      BrokerClient client = peers.client();
      CeleryWorker worker = peers.celeryWorker(2, "python");
      int refused = 0;
      for (int sent = 0; sent < CALLS; ) {
        try {
          client.send(call());
          sent++;
        } catch (IllegalArgumentException | EncodingException wrong) {
          assertThat(wrong.getMessage()).isNotBlank();
          refused++;
        }
      }

      Interop.await(
          PATIENCE,
          "everything was fetched, or the worker has ended",
          () ->
              !worker.isAlive()
                  || client.queueLengths("python").values().stream()
                      .allMatch(length -> length == 0));
      assertThat(worker.isAlive()).as(() -> String.join("\n", worker.output())).isTrue();
      assertThat(client.send(TaskSignature.of("interop.add", 40, 2)).get(Integer.class, PATIENCE))
          .isEqualTo(42);
      assertThat(worker.isAlive()).isTrue();
      assertThat(refused).as("calls that were refused").isBetween(CALLS, 4 * CALLS);
      assertThat(worker.output()).noneMatch(line -> COMPLAINTS.stream().anyMatch(line::contains));
    }
  }

  @SafeVarargs
  private <T> T one(Supplier<? extends T>... all) {
    return all[random.nextInt(all.length)].get();
  }

  private boolean rarely() {
    return random.nextInt(8) == 0;
  }

  private TaskSignature call() {
    String task =
        one(
            () -> "interop.echo",
            () -> "interop.add",
            () -> "interop.describe",
            () -> "interop.fail");
    List<Object> args = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      args.add(value(4));
    }
    Map<String, Object> kwargs = new LinkedHashMap<>();
    while (rarely()) {
      kwargs.put(text(), value(3));
    }
    return new TaskSignature(task, args, kwargs, options(2), random.nextBoolean());
  }

  private SendOptions options(int depth) {
    SendOptions.Builder options = SendOptions.builder();
    List<Runnable> settings =
        List.of(
            () -> options.id(rarely() ? text() : UUID.randomUUID().toString()),
            () -> options.priority(random.nextInt(12) - 1),
            () -> options.ignoreResult(random.nextBoolean()),
            () -> options.eta(instant()),
            () -> options.countdown(duration()),
            () -> options.expires(instant()),
            () -> options.expiresAfter(duration()),
            () -> options.timeLimit(Duration.ofSeconds(60 + random.nextInt(400 * 86_400))),
            () -> options.softTimeLimit(Duration.ofSeconds(60 + random.nextInt(400 * 86_400))),
            () -> options.shadow(text()),
            () -> options.rootId(text()),
            () -> options.parentId(text()),
            () -> options.replyTo(text()),
            () -> options.argsRepr(text()),
            () -> options.kwargsRepr(text()),
            () -> options.serializer(one(() -> "json", () -> "pickle", () -> "auth2", () -> "")),
            () -> options.compression(one(() -> "gzip", () -> "bzip2", () -> "none", () -> "rar")),
            () -> options.retry(PublishRetry.upTo(random.nextInt(3))),
            () -> options.header(text(), value(3)),
            () -> options.header(one(() -> "id", () -> "get", () -> "chord", () -> "x"), value(3)),
            () -> options.stamp(text(), value(3)),
            () -> options.stamp(one(() -> "queue", () -> "task", () -> "tenant"), value(2)));
    for (Runnable setting : settings) {
      if (rarely()) {
        setting.run();
      }
    }
    if (depth > 0 && rarely()) {
      options.link(following(depth));
    }
    if (depth > 0 && rarely()) {
      options.linkError(following(depth));
    }
    return options.build();
  }

  private TaskSignature following(int depth) {
    return new TaskSignature(
        "interop.describe",
        List.of(String.valueOf(value(2))),
        Map.of(),
        options(depth - 1).toBuilder().queue("python").build(),
        random.nextBoolean());
  }

  private Instant instant() {
    return one(
        () -> Instant.now().plusMillis(random.nextInt(4000) - 2000),
        () -> Instant.EPOCH,
        () -> Instant.MIN,
        () -> Instant.MAX,
        () -> Instant.parse("0001-01-02T00:00:00Z"),
        () -> Instant.parse("9999-12-30T23:59:59.999999999Z"),
        () -> Instant.parse("9999-12-31T23:59:59Z"));
  }

  private Duration duration() {
    return one(
        () -> Duration.ofMillis(random.nextInt(3000) - 1000),
        () -> Duration.ZERO,
        () -> Duration.ofNanos(1),
        () -> Duration.ofDays(-1),
        () -> Duration.ofDays(365_000),
        () -> Duration.ofSeconds(Long.MAX_VALUE),
        () -> Duration.ofSeconds(Long.MIN_VALUE));
  }

  private String text() {
    return one(
        () -> "plain",
        () -> "",
        () -> " ",
        () -> "zażółć 漢字 \uD83E\uDD6C",
        () -> "\u0000\u0001\u001f\u007f\u2028",
        () -> "half \uD800 of a pair",
        () -> "%s %(x)s {0} \\ ' \" \n",
        () -> "x".repeat(5000),
        () -> "args",
        () -> "self",
        () -> "__type__",
        () -> Integer.toString(random.nextInt(), 36));
  }

  private Object value(int depth) {
    if (depth == 0) {
      return text();
    }
    return one(
        () -> random.nextInt(),
        () -> random.nextLong(),
        () -> random.nextDouble(),
        () -> random.nextBoolean(),
        this::text,
        () -> one(() -> Double.NaN, () -> Double.NEGATIVE_INFINITY, () -> Double.MIN_VALUE),
        () -> BigInteger.TEN.pow(random.nextInt(6000)),
        () -> new BigDecimal(BigInteger.valueOf(random.nextLong()), random.nextInt(8000) - 4000),
        () -> one(() -> LocalDate.MIN, () -> LocalDate.MAX, () -> LocalDate.of(2024, 2, 29)),
        () -> one(() -> LocalDateTime.MIN, () -> LocalDateTime.MAX, () -> NOON),
        () -> one(() -> LocalTime.MAX, () -> LocalTime.MIDNIGHT, NOON::toLocalTime),
        () ->
            OffsetDateTime.of(
                NOON, ZoneOffset.ofTotalSeconds(random.nextInt(18 * 3600) - 9 * 3600)),
        this::instant,
        UUID::randomUUID,
        () -> bytes(random.nextInt(20)),
        () -> Map.of("__type__", text(), "__value__", text()),
        () -> Map.of("__type__", "datetime", "__value__", 3, "more", 1),
        () -> Map.of(text(), value(depth - 1)),
        () -> List.of(value(depth - 1), value(depth - 1)),
        () -> nested(random.nextInt(600)));
  }

  private static Object nested(int depth) {
    Object value = "deep";
    for (int i = 0; i < depth; i++) {
      value = List.of(value);
    }
    return value;
  }

  private byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }
}
