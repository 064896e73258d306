package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.ParkedMessages;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.ResultBackend;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Settlement.Fate;
import dev.stalk.broker.transport.Transport;
import dev.stalk.peers.RedisServer;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One queue's line to a real Redis: the contract, and what of it stands in which key. */
class ExchangeIT extends ExchangeContract {
  private Interop peers;

  @Override
  TransportUnderTest start() {
    peers = new Interop();
    return new RedisUnderTest(peers);
  }

  @Test
  void aFetchedMessageStandsInUnackedAsKombuWouldHaveWrittenIt() {
    publish("q \"7\" ż", 0, 1);

    Delivery delivery = line("q \"7\" ż", "a").exchange(List.of(), 1, false).deliveries().get(0);

    assertThat(peers.redis().command("HGET", "unacked", delivery.tag()))
        .isEqualTo("[" + envelope(1) + ",\"\",\"q \\\"7\\\" \\u017c\"]");
    double score =
        Double.parseDouble(
            (String) peers.redis().command("ZSCORE", "unacked_index", delivery.tag()));
    assertThat(score)
        .isCloseTo(
            transport.time().toEpochMilli() / 1000.0, org.assertj.core.data.Offset.offset(60.0));
    assertThat(delivery.tag()).startsWith("stalk:held:a:");
  }

  @Test
  void settlingWritesTheEffectsAndRemovesExactlyItsOwnEntry() {
    publish("q", 0, 1);
    publish("q", 0, 2);
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();

    Exchange exchange =
        line.exchange(
            List.of(
                done(
                    held.get(0),
                    new Effect.Publish(new Publication("next", 3, bytes("{}"))),
                    new Effect.StoreResult("t1", bytes("{\"status\": \"SUCCESS\"}")))),
            0,
            false);

    assertThat(exchange.fates()).containsExactly(Fate.SETTLED);
    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of(held.get(1).tag()));
    assertThat(peers.redis().command("ZRANGE", "unacked_index", "0", "-1"))
        .isEqualTo(List.of(held.get(1).tag()));
    assertThat(peers.redis().command("GET", "celery-task-meta-t1"))
        .isEqualTo("{\"status\": \"SUCCESS\"}");
    assertThat(peers.number("TTL", "celery-task-meta-t1")).isBetween(86_000L, 86_400L);
    assertThat(peers.list("next\u0006\u00163")).containsExactly("{}");
  }

  @Test
  void aSettlementOfALapsedMessageWritesNothing() {
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    lapse(delivery);

    Exchange exchange =
        line.exchange(
            List.of(
                done(
                    delivery,
                    new Effect.Publish(new Publication("next", 0, bytes("{}"))),
                    new Effect.StoreResult("t1", bytes("{}")))),
            0,
            false);

    assertThat(exchange.fates()).containsExactly(Fate.LAPSED);
    assertThat(peers.number("EXISTS", "celery-task-meta-t1", "next")).isZero();
  }

  @Test
  void fatesComeInTheOrderOfTheSettlementsHoweverTheyDiffer() {
    IntStream.range(0, 6).forEach(i -> publish("q", 0, i));
    peers.redis().command("HSET", "celery-task-meta-t4", "not", "a string");
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 6, false).deliveries();
    lapse(held.get(1));
    lapse(held.get(2));

    Exchange exchange =
        line.exchange(
            List.of(
                done(held.get(0), new Effect.StoreResult("t0", bytes("{}"))),
                done(held.get(1)),
                done(held.get(2), new Effect.StoreResult("t2", bytes("{}"))),
                done(held.get(3)),
                done(held.get(4), new Effect.StoreResult("t4", bytes("{}"))),
                done(held.get(5))),
            0,
            false);

    assertThat(exchange.fates())
        .containsExactly(
            Fate.SETTLED, Fate.LAPSED, Fate.LAPSED, Fate.SETTLED, Fate.REFUSED, Fate.SETTLED);
    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of(held.get(4).tag()));
    assertThat(peers.redis().command("ZRANGE", "unacked_index", "0", "-1"))
        .isEqualTo(List.of(held.get(4).tag()));
    assertThat(peers.number("EXISTS", "celery-task-meta-t0")).isEqualTo(1);
    assertThat(peers.number("EXISTS", "celery-task-meta-t2")).isZero();
  }

  @Test
  void aSettlementGivenTwiceInOneExchangeWritesOnce() {
    publish("q", 0, 1);
    QueueConnection line = line("q", "a");
    Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);
    Settlement next = done(held, new Effect.Publish(new Publication("next", 0, bytes("{}"))));

    Exchange exchange = line.exchange(List.of(next, next), 0, false);

    assertThat(exchange.fates()).containsExactly(Fate.SETTLED, Fate.LAPSED);
    assertThat(peers.number("LLEN", "next")).isEqualTo(1);
  }

  @Test
  void aRefusedEffectLeavesTheMessageHeldAndTheOthersSettled() {
    publish("q", 0, 1);
    publish("q", 0, 2);
    peers.redis().command("HSET", "celery-task-meta-t1", "not", "a string");
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();

    Exchange exchange =
        line.exchange(
            List.of(
                done(held.get(0), new Effect.StoreResult("t1", bytes("{}"))),
                done(held.get(1), new Effect.StoreResult("t2", bytes("{}")))),
            0,
            false);

    assertThat(exchange.fates()).containsExactly(Fate.REFUSED, Fate.SETTLED);
    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of(held.get(0).tag()));
    assertThat(peers.number("ZCARD", "unacked_index")).isEqualTo(1);
  }

  private Settlement early(QueueConnection line, int number, Effect... effects) {
    publish("q", 0, number);
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    line.exchange(List.of(done(delivery)), 0, false);
    return Settlement.afterAcknowledgement(delivery.tag(), List.of(effects));
  }

  private static Effect publishing(String text) {
    return new Effect.Publish(new Publication("next", 0, bytes(text)));
  }

  @Test
  void aRefusalWhoseAnswerWasLostIsToldAndTheOthersAreNotCarriedOutAgain() {
    peers.redis().command("HSET", "celery-task-meta-t1", "not", "a string");
    QueueConnection line = line(broker.fragile(), "a", "q");
    Effect refused = new Effect.StoreResult("t1", bytes("{}"));
    List<Settlement> offered =
        List.of(
            early(line, 1, publishing("one")),
            early(line, 2, refused, publishing("never")),
            early(line, 3, publishing("three")));

    broker.loseAnswer(() -> line.exchange(offered, 0, false));
    assertThat(settledAt("a")).isEqualTo("3 2");
    broker.loseAnswer(() -> line.exchange(offered, 0, false));
    Exchange told = line.exchange(offered, 0, false);

    assertThat(told.fates()).containsExactly(Fate.SETTLED, Fate.REFUSED, Fate.SETTLED);
    assertThat(peers.list("next")).containsExactly("three", "one");
    Effect instead = new Effect.Quarantine("q", "its outcome could not be written", 1, bytes("{}"));
    Settlement replaced = Settlement.afterAcknowledgement(offered.get(1).tag(), List.of(instead));
    assertThat(line.exchange(List.of(replaced), 0, false).fates()).containsExactly(Fate.SETTLED);
    assertThat(peers.list("q.quarantine")).hasSize(1);
    assertThat(settledAt("a")).isEqualTo("4");
  }

  /** The line's marker. */
  private String settledAt(String holder) {
    return String.valueOf(peers.redis().command("GET", "stalk:settled:" + holder));
  }

  @Test
  void onlyEarlyAcknowledgementLeavesAMarkerAndItExpires() {
    publish("q", 0, 1);
    QueueConnection late = line("q", "late");
    Delivery delivery = late.exchange(List.of(), 1, false).deliveries().get(0);
    late.exchange(List.of(done(delivery, publishing("x"))), 0, false);
    QueueConnection line = line("q", "a");
    for (int number = 1; number <= 3; number++) {
      line.exchange(List.of(early(line, number, publishing("x"))), 0, false);
    }

    assertThat(peers.redis().command("KEYS", "stalk:settled:*"))
        .isEqualTo(List.of("stalk:settled:a"));
    assertThat(settledAt("a")).isEqualTo("3");
    assertThat(peers.number("TTL", "stalk:settled:a")).isBetween(86_000L, 86_400L);
  }

  @Test
  void aMarkerThatCannotBeReadLeavesEverythingAsItWas() {
    QueueConnection line = line("q", "a");
    Settlement early = early(line, 1, publishing("one"));
    publish("q", 0, 2);
    Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);
    List<Settlement> offered = List.of(done(held, publishing("two")), early);
    peers.redis().command("HSET", "stalk:settled:a", "not", "a string");

    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> line.exchange(offered, 0, false))
          .isInstanceOf(BrokerException.class)
          .hasMessageContaining("WRONGTYPE");
    }
    assertThat(peers.number("EXISTS", "next")).isZero();
    assertThat(peers.number("ZCARD", "unacked_index")).isEqualTo(1);
    peers.redis().command("DEL", "stalk:settled:a");

    assertThat(line.exchange(offered, 0, false).fates()).containsOnly(Fate.SETTLED);
    assertThat(peers.list("next")).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void anExchangeThatIsCarriedOutAfterTheNextOneWritesNothing() throws Exception {
    QueueConnection line = line("q", "a");
    List<Settlement> offered =
        List.of(early(line, 1, publishing("one")), early(line, 2, publishing("two")));
    line.exchange(offered.subList(0, 1), 0, false);
    peers.redis().command("SET", "stalk:settled:a", "7");

    line.exchange(offered.subList(1, 2), 0, false);

    assertThat(peers.list("next")).containsExactly("one");
    assertThat(settledAt("a")).isEqualTo("7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{\"headers\": {}}",
        "{\"headers\": null, \"properties\": {}}",
        "{\"headers\": {}, \"properties\": {}",
        "{\"headers\": {}, \"properties\": {}} x"
      })
  void whatIsNoEnvelopeNeverEntersUnackedAndIsKeptByteForByte(String poison) {
    peers.redis().command("LPUSH", "q", poison);
    publish("q", 0, 1);

    Exchange exchange = line("q", "a").exchange(List.of(), 5, false);

    assertThat(exchange.quarantined()).isEqualTo(1);
    assertThat(numbers(exchange)).containsExactly(1);
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
    assertThat(peers.number("LLEN", "q")).isZero();
    String entry = peers.list("q.quarantine").get(0);
    assertThat(entry.substring(entry.indexOf('\n') + 1)).isEqualTo(poison);
    assertThat(entry).startsWith("{\"reason\": \"").contains("\"queue\": \"q\"");
  }

  @Test
  void twoResultsOfOneTaskInOneExchangeKeepTheSuccess() {
    publish("q", 0, 1);
    publish("q", 0, 2);
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();

    line.exchange(
        List.of(
            done(held.get(0), new Effect.StoreResult("t1", bytes("{\"status\": \"SUCCESS\"}"))),
            done(held.get(1), new Effect.StoreResult("t1", bytes("{\"status\": \"FAILURE\"}")))),
        0,
        false);

    assertThat(peers.redis().command("GET", "celery-task-meta-t1"))
        .isEqualTo("{\"status\": \"SUCCESS\"}");
    assertThat(peers.number("TTL", "celery-task-meta-t1")).isPositive();
  }

  /** A result as the serializer auth stores it; whether it is believed is not for Redis to say. */
  private static String signedResult(boolean raw, String type, String meta) {
    byte[] signature = new byte[512];
    new Random(7).nextBytes(signature);
    ByteArrayOutputStream fields = new ByteArrayOutputStream();
    Base64.Encoder base64 = Base64.getEncoder();
    byte[] signer = bytes("Stalk Tests 4711");
    fields.writeBytes(raw ? signer : base64.encode(signer));
    fields.writeBytes(new byte[] {0, 1});
    fields.writeBytes(raw ? signature : base64.encode(signature));
    fields.writeBytes(bytes("\0\1application/" + type + "\0\1utf-8\0\1" + meta));
    return base64.encodeToString(fields.toByteArray());
  }

  private static Stream<Arguments> signedResults() {
    String yaml = "children: []\nresult: %s\nstatus: %s\ntask_id: t1\n";
    return Stream.of(true, false)
        .flatMap(raw -> Stream.of("", "1", "12", "1".repeat(200_000)).map(r -> List.of(raw, r)))
        .flatMap(
            each -> {
              boolean raw = (boolean) each.get(0);
              String json = "{\"status\": \"%s\", \"result\": \"" + each.get(1) + "\"}";
              String lines = yaml.formatted(each.get(1), "%s");
              return Stream.of(Arguments.of(raw, "json", json), Arguments.of(raw, "x-yaml", lines));
            });
  }

  @ParameterizedTest
  @MethodSource("signedResults")
  void aSignedSuccessStaysAndAnyOtherSignedStateDoesNot(boolean raw, String type, String meta) {
    String success = signedResult(raw, type, meta.formatted("SUCCESS"));
    String failure = signedResult(raw, type, meta.formatted("FAILURE"));
    publish("q", 0, 1);
    publish("q", 0, 2);
    QueueConnection line = line("q", "a");
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();
    peers.redis().command("SET", "celery-task-meta-t1", success);
    peers.redis().command("SET", "celery-task-meta-t2", failure);

    line.exchange(
        List.of(
            done(held.get(0), new Effect.StoreResult("t1", bytes(failure))),
            done(held.get(1), new Effect.StoreResult("t2", bytes(success)))),
        0,
        false);

    assertThat(peers.redis().command("GET", "celery-task-meta-t1")).isEqualTo(success);
    assertThat(peers.redis().command("GET", "celery-task-meta-t2")).isEqualTo(success);
  }

  /** As kombu writes it; the parts stand where a test damages it. */
  private static String usual(String headers, String properties) {
    return ("{\"body\": \"W1tdLCB7fSwge31d\", \"content-encoding\": \"utf-8\", \"content-type\":"
            + " \"application/json\", \"headers\": {%s}, \"properties\": {%s}}")
        .formatted(headers, properties);
  }

  private static Stream<String> damagedOutside() {
    String whole = usual("\"a\": {\"b\": \"}{\"}", "\"c\": 1");
    return Stream.of(
        whole.substring(0, whole.length() - 1),
        whole.substring(0, whole.length() / 2),
        whole.substring(0, 30),
        whole + whole,
        whole + "}",
        whole + " x",
        "x" + whole,
        whole.replaceFirst("\"headers\": ", ""),
        whole.replaceFirst("W1td", "W1\"td"),
        whole.replaceFirst("utf-8", "utf\u0000-8"),
        whole.replaceFirst("\"headers\": \\{.*\\}, \"prop", "\"headers\": null, \"prop"),
        whole.replaceFirst("\"properties\": \\{.*", "\"properties\": 1}"));
  }

  @ParameterizedTest
  @MethodSource("damagedOutside")
  void aMessageOfTheUsualShapeThatIsCutOffOrJoinedNeverEntersUnacked(String damaged) {
    whatIsNoEnvelopeNeverEntersUnackedAndIsKeptByteForByte(damaged);
  }

  @Test
  void whatIsWrongInsideAMessageOfTheUsualShapeIsPutAsideByWhoeverWouldReturnIt() {
    List<String> damaged =
        List.of(usual("\"a\": nul", "\"c\": 1"), usual("\"a\": 1", "\"c\": 'x'"));
    Transport living = shortLease();
    Transport dead = shortLease();
    for (String message : damaged) {
      transport.publish(List.of(new Publication("q", 0, bytes(message))));
    }
    publish("q", 0, 7);
    QueueConnection silent = peers.closed(dead.consume(List.of("q"), "dead", woken::release));

    Exchange exchange = silent.exchange(List.of(), 5, false);

    assertThat(exchange.quarantined()).isZero();
    assertThat(exchange.deliveries()).hasSize(3);
    Interop.await(
        "nothing is held", () -> living.restoreAbandoned() + peers.number("HLEN", "unacked") == 0);
    assertThat(peers.number("LLEN", "q")).isEqualTo(1);
    assertThat(peers.list("q.quarantine"))
        .allSatisfy(entry -> assertThat(entry).contains("\"queue\": \"q\""))
        .map(entry -> entry.substring(entry.indexOf('\n') + 1))
        .containsExactlyInAnyOrderElementsOf(damaged);
  }

  @Test
  void manySmallMessagesAreFetchedInOneExchangeInOrder() {
    for (int i = 0; i < 300; i++) {
      publish("q", 0, i);
    }

    QueueConnection line = line("q", "a");
    Exchange exchange = line.exchange(List.of(), 256, false);

    assertThat(numbers(exchange)).isEqualTo(IntStream.range(0, 256).boxed().toList());
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(256);
    assertThat(peers.number("ZCARD", "unacked_index")).isEqualTo(256);
    assertThat(peers.number("LLEN", "q")).isEqualTo(44);

    List<Settlement> all = exchange.deliveries().stream().map(delivery -> done(delivery)).toList();
    assertThat(line.exchange(all, 0, false).fates()).hasSize(256).containsOnly(Fate.SETTLED);
    assertThat(peers.number("EXISTS", "unacked", "unacked_index")).isZero();
  }

  @Test
  void aFetchThatFailsMidwayLeavesEverythingAsItWas() {
    publish("q", 0, 1);
    peers.redis().command("LPUSH", "q", "poison");
    publish("q", 0, 2);
    peers.redis().command("SET", "q.quarantine", "not a list");
    List<String> before = peers.list("q");
    QueueConnection line = line("q", "a");

    for (int attempt = 0; attempt < 3; attempt++) {
      assertThatThrownBy(() -> line.exchange(List.of(), 5, false))
          .isInstanceOf(BrokerException.class)
          .hasMessageContaining("WRONGTYPE");
    }

    assertThat(peers.list("q")).isEqualTo(before);
    assertThat(peers.number("EXISTS", "unacked", "unacked_index")).isZero();
    peers.redis().command("DEL", "q.quarantine");
    assertThat(numbers(line.exchange(List.of(), 5, false))).containsExactly(1, 2);
  }

  @Test
  void whatWasFetchedBeforeALaterListFailedIsKept() {
    publish("q", 0, 1);
    peers.redis().command("SET", "q\u0006\u00163", "not a list");

    Exchange exchange = line("q", "a").exchange(List.of(), 5, false);

    assertThat(numbers(exchange)).containsExactly(1);
    assertThat(exchange.failure()).hasMessageContaining("WRONGTYPE");
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
  }

  @Test
  void aFlushedScriptIsLoadedAgain() {
    QueueConnection line = line("q", "a");
    line.exchange(List.of(), 1, true);
    peers.redis().command("SCRIPT", "FLUSH");
    publish("q", 0, 1);

    assertThat(numbers(line.exchange(List.of(), 1, true))).containsExactly(1);
  }

  @Test
  void aNewSubscriptionWakesEveryWaitingLine() throws Exception {
    QueueConnection line = line("q", "a");
    line.exchange(List.of(), 5, true);
    woken.drainPermits();

    peers.redis().command("CLIENT", "KILL", "TYPE", "pubsub");
    assertThat(woken.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    awaitNotice(line);
    woken.drainPermits();

    publish("q", 0, 1);
    assertThat(woken.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whereTrackingIsRefusedTheOwnerIsToldToPoll() {
    peers
        .redis()
        .command(
            "ACL",
            "SETUSER",
            "worker",
            "on",
            ">pw",
            "~*",
            "&*",
            "+@all",
            "-client",
            "+client|id",
            "+client|setname");
    String url = peers.redis().url().replace("redis://", "redis://worker:pw@");
    Transport restricted =
        peers.closed(BrokerClient.transport(peers.config().url(url).build(), "test"));
    QueueConnection line = peers.closed(restricted.consume(List.of("q"), "a", woken::release));
    publish("q", 0, 1);

    assertThat(numbers(line.exchange(List.of(), 5, true))).containsExactly(1);
    assertThat(line.givesNotice()).isFalse();
  }

  /** What it asks for is carried out at the first attempt. */
  private QueueConnection lineWhoseScriptIsKnown() {
    QueueConnection line = line("q", "a");
    line.exchange(List.of(), 0, false);
    return line;
  }

  @Test
  void theBrokerWorksMeanwhile() {
    publish("q", 0, 1);
    QueueConnection line = lineWhoseScriptIsKnown();

    Exchange exchange =
        line.exchange(
            List.of(),
            1,
            false,
            () -> Interop.await("the message left", () -> peers.number("LLEN", "q") == 0));

    assertThat(numbers(exchange)).containsExactly(1);
  }

  @Test
  void nothingIsDoneMeanwhileIfTheBrokerCannotBeAsked() {
    QueueConnection line = line("q", "a");
    peers.redis().kill();

    assertThatThrownBy(() -> line.exchange(List.of(), 1, false, () -> fail("it was asked")))
        .isInstanceOf(BrokerException.class);
  }

  @Test
  void whatWasFetchedWhileSomethingWentWrongMeanwhileIsTakenInAfterwards() {
    publish("q", 0, 1);
    QueueConnection line = lineWhoseScriptIsKnown();
    Runnable noMemory =
        () -> {
          throw new OutOfMemoryError("made by the test");
        };

    assertThatThrownBy(() -> line.exchange(List.of(), 1, false, noMemory))
        .isInstanceOf(OutOfMemoryError.class);
    Interop.await("the fetch was carried out", () -> peers.number("LLEN", "q") == 0);

    assertThat(numbers(line.exchange(List.of(), 1, false))).containsExactly(1);
  }

  @Test
  void aFetchWhoseAnswerWasCutOffIsTakenInAfterwards() throws Exception {
    QueueConnection line = line("q", "a");
    line.exchange(List.of(), 1, false);
    publish("q", 0, 1);
    peers.redis().freeze();
    CountDownLatch failed = new CountDownLatch(1);
    Thread reader =
        new Thread(
            () -> {
              try {
                line.exchange(List.of(), 3, false);
              } catch (RuntimeException expected) {
                failed.countDown();
              }
            },
            "cut-off");
    reader.start();
    assertThat(failed.await(60, TimeUnit.SECONDS)).isTrue(); // the socket's timeout
    peers.redis().thaw();
    Interop.await("the cut-off fetch was carried out", () -> peers.number("LLEN", "q") == 0);

    assertThat(numbers(line.exchange(List.of(), 3, false))).containsExactly(1);
  }

  /** A fetch of these was carried out, but its answer cut off, and so was that of the next. */
  private QueueConnection lineThatWasCutTwice(int... messages) {
    CuttingProxy proxy = peers.closed(CuttingProxy.before(peers.redis().port()));
    BrokerConfig config = peers.config().url(proxy.url()).build();
    QueueConnection line =
        peers
            .closed(BrokerClient.transport(config, "test"))
            .consume(List.of("q"), "a", woken::release);
    line.exchange(List.of(), 1, false);
    IntStream.of(messages).forEach(message -> publish("q", 0, message));
    for (int cut = 0; cut < 2; cut++) {
      proxy.cutAnswersTo("q.quarantine", 1);
      assertThatThrownBy(() -> line.exchange(List.of(), 3, false))
          .isInstanceOf(BrokerException.class);
      Interop.await("the cut-off fetch was carried out", () -> peers.number("LLEN", "q") == 0);
    }
    return line;
  }

  @Test
  void aLineThatTookInMessagesAndThenFailedAgainIsNoHolderOnceTheyAreSettled() {
    QueueConnection line = lineThatWasCutTwice(1);

    List<Delivery> taken = line.exchange(List.of(), 3, false).deliveries();
    assertThat(taken).hasSize(1);
    assertThat(line.exchange(List.of(done(taken.get(0))), 0, false).fates())
        .containsExactly(Fate.SETTLED);
    assertThat(peers.number("ZCARD", "stalk:holders")).isEqualTo(1);
    line.close();

    assertThat(peers.number("ZCARD", "stalk:holders")).isZero();
  }

  @Test
  void whatAnotherHasTakenAwayBetweenTwoFailuresIsNotTakenIn() {
    QueueConnection line = lineThatWasCutTwice(1, 2);
    List<?> held = (List<?>) peers.redis().command("ZRANGE", "unacked_index", "0", "-1");
    String taken = (String) held.get(0);
    peers.redis().command("ZREM", "unacked_index", taken);
    peers.redis().command("HDEL", "unacked", taken);

    assertThat(numbers(line.exchange(List.of(), 2, false))).containsExactly(2);
    assertThat(line.exchange(List.of(), 2, false).deliveries()).isEmpty();
  }

  @Test
  void resultsInAnotherDatabaseAreWrittenInTheSameStep() {
    resultsAt(peers.redis().url(3), peers.redis(), 3);
  }

  @Test
  void resultsOnAnotherServerAreWrittenBeforeTheMessageIsAcknowledged() {
    RedisServer other = peers.closed(RedisServer.start());

    resultsAt(other.url(2), other, 2);
  }

  @Test
  void twoWorkersThatEndATaskAtOnceKeepItsSuccessOnTheResultsServer() throws Exception {
    RedisServer other = peers.closed(RedisServer.start());
    BrokerConfig config = peers.config().resultsUrl(other.url()).build();
    ResultBackend lucky = peers.closed(BrokerClient.transport(config, "lucky")).results();
    ResultBackend unlucky = peers.closed(BrokerClient.transport(config, "unlucky")).results();
    int races = 400;
    CyclicBarrier start = new CyclicBarrier(2);
    AtomicReference<Throwable> failed = new AtomicReference<>();
    Thread racer =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < races; i++) {
                  start.await(30, TimeUnit.SECONDS);
                  unlucky.store("t" + i, bytes("{\"status\": \"FAILURE\"}"));
                }
              } catch (Exception e) {
                failed.set(e);
              }
            },
            "unlucky");
    racer.start();
    for (int i = 0; i < races; i++) {
      start.await(30, TimeUnit.SECONDS);
      lucky.store("t" + i, bytes("{\"status\": \"SUCCESS\"}"));
    }
    racer.join();

    assertThat(failed).hasValue(null);
    for (int i = 0; i < races; i++) {
      assertThat(other.command("GET", "celery-task-meta-t" + i))
          .isEqualTo("{\"status\": \"SUCCESS\"}");
      assertThat((Long) other.command("TTL", "celery-task-meta-t" + i)).isBetween(86_000L, 86_400L);
    }
  }

  @Test
  void whatFollowsAnEarlyAcknowledgedTaskOverwritesNothingOnTheResultsServerTheSecondTime() {
    RedisServer other = peers.closed(RedisServer.start());
    CuttingProxy proxy = peers.closed(CuttingProxy.before(peers.redis().port()));
    BrokerConfig config = peers.config().url(proxy.url()).resultsUrl(other.url()).build();
    Transport split = peers.closed(BrokerClient.transport(config, "test"));
    QueueConnection line = peers.closed(split.consume(List.of("q"), "a", woken::release));
    Effect retried = new Effect.StoreResult("t1", bytes("{\"status\": \"RETRY\"}"));
    Settlement settlement = early(line, 1, retried, publishing("next attempt"));
    proxy.cutAnswersTo("next attempt", 1);
    assertThatThrownBy(() -> line.exchange(List.of(settlement), 0, false))
        .isInstanceOf(BrokerException.class);
    Interop.await("it was carried out", () -> peers.number("LLEN", "next") == 1);
    split.results().store("t1", bytes("{\"status\": \"FAILURE\"}")); // of the next attempt

    assertThat(line.exchange(List.of(settlement), 0, false).fates()).containsExactly(Fate.SETTLED);

    assertThat(other.command("GET", "celery-task-meta-t1")).isEqualTo("{\"status\": \"FAILURE\"}");
    assertThat(peers.list("next")).containsExactly("next attempt");
  }

  private static Effect storing(String id) {
    return new Effect.StoreResult(id, bytes("{\"status\": \"SUCCESS\"}"));
  }

  @Test
  void whatTheResultsServerRefusesOfOneKeyLeavesItsMessageHeldAndTheOthersSettled() {
    RedisServer other = peers.closed(RedisServer.start());
    other.command("HSET", "celery-task-meta-t1", "not", "a string");
    BrokerConfig config = peers.config().resultsUrl(other.url()).build();
    Transport split = peers.closed(BrokerClient.transport(config, "test"));
    QueueConnection line = line(split, "a", "q");
    IntStream.range(0, 6).forEach(i -> publish("q", 0, i));
    List<Delivery> held = line.exchange(List.of(), 5, false).deliveries();
    lapse(held.get(3));
    peers.redis().command("ZADD", "unacked_index", "1", held.get(1).tag());

    Exchange exchange =
        line.exchange(
            List.of(
                done(held.get(0), storing("t0"), publishing("after t0")),
                done(held.get(1), publishing("before t1"), storing("t1"), publishing("after t1")),
                done(held.get(2), storing("t2")),
                done(held.get(3), storing("t3")),
                done(held.get(4))),
            1,
            false);

    assertThat(exchange.fates())
        .containsExactly(Fate.SETTLED, Fate.REFUSED, Fate.SETTLED, Fate.LAPSED, Fate.SETTLED);
    assertThat(numbers(exchange)).as("fetched all the same").containsExactly(5);
    String refused = held.get(1).tag();
    assertThat(peers.redis().command("HKEYS", "unacked"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .containsExactlyInAnyOrder(refused, exchange.deliveries().get(0).tag());
    assertThat((String) peers.redis().command("ZSCORE", "unacked_index", refused))
        .as("its lease is renewed")
        .isNotEqualTo("1");
    assertThat(peers.list("next")).containsExactly("after t0");
    assertThat(other.command("GET", "celery-task-meta-t0")).isEqualTo("{\"status\": \"SUCCESS\"}");
    assertThat(other.command("GET", "celery-task-meta-t2")).isEqualTo("{\"status\": \"SUCCESS\"}");
    assertThat(other.command("EXISTS", "celery-task-meta-t3")).isEqualTo(0L);
    assertThat(other.command("HGETALL", "celery-task-meta-t1"))
        .isEqualTo(List.of("not", "a string"));
    assertThat(peers.redis().command("KEYS", "celery-task-meta-*")).isEqualTo(List.of());
    assertThatThrownBy(() -> split.results().store("t1", bytes("{}")))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining(other.url())
        .hasMessageContaining("answered: WRONGTYPE");
  }

  @Test
  void whatIsHeldWithoutASignOfLifeHasItsResultOnTheResultsServerToo() {
    RedisServer other = peers.closed(RedisServer.start());
    BrokerConfig config = peers.config().resultsUrl(other.url()).build();
    QueueConnection line = line(peers.closed(BrokerClient.transport(config, "test")), "a", "q");
    publish("q", 0, 1);
    Delivery held = line.exchange(List.of(), 1, false).deliveries().get(0);
    peers.redis().command("ZREM", "unacked_index", held.tag());

    assertThat(line.exchange(List.of(done(held, storing("t1"))), 0, false).fates())
        .containsExactly(Fate.SETTLED);

    assertThat(other.command("EXISTS", "celery-task-meta-t1")).isEqualTo(1L);
    assertThat(peers.number("EXISTS", "celery-task-meta-t1")).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aRefusalOfTheResultsServerIsToldThoughItsAnswerWasLostAndItsCauseMended(int refused) {
    RedisServer other = peers.closed(RedisServer.start());
    other.command("HSET", "celery-task-meta-t" + refused, "not", "a string");
    CuttingProxy proxy = peers.closed(CuttingProxy.before(peers.redis().port()));
    BrokerConfig config = peers.config().url(proxy.url()).resultsUrl(other.url()).build();
    QueueConnection line = line(peers.closed(BrokerClient.transport(config, "test")), "a", "q");
    List<Settlement> offered =
        IntStream.rangeClosed(1, 3)
            .mapToObj(i -> early(line, i, storing("t" + i), publishing("after t" + i)))
            .toList();
    proxy.cutAnswersTo("unacked_index\r\n$12\r\nq.quarantine", 1);
    assertThatThrownBy(() -> line.exchange(offered, 0, false)).isInstanceOf(BrokerException.class);
    Interop.await("it was carried out", () -> peers.number("LLEN", "next") == 2);
    assertThat(settledAt("a")).isEqualTo("3 " + refused);
    other.command("DEL", "celery-task-meta-t1", "celery-task-meta-t2", "celery-task-meta-t3");

    Exchange told = line.exchange(offered, 0, false);

    List<Fate> fates = new ArrayList<>(List.of(Fate.SETTLED, Fate.SETTLED, Fate.SETTLED));
    fates.set(refused - 1, Fate.REFUSED);
    assertThat(told.fates()).isEqualTo(fates);
    assertThat(peers.list("next")).hasSize(2).doesNotContain("after t" + refused);
    assertThat(other.command("KEYS", "*")).as("nothing is stored again").isEqualTo(List.of());
    Effect instead = new Effect.Quarantine("q", "its outcome could not be written", 1, bytes("{}"));
    String tag = offered.get(refused - 1).tag();
    Settlement replaced = Settlement.afterAcknowledgement(tag, List.of(instead));
    assertThat(line.exchange(List.of(replaced), 0, false).fates()).containsExactly(Fate.SETTLED);
    assertThat(peers.list("q.quarantine")).hasSize(1);
  }

  /**
   * What makes a results server refuse everything for a while, what ends it, and how it is told; by
   * the embedded Redis and by the machine's newer one, whose scripts fail otherwise.
   */
  private static Stream<Arguments> passingRefusals() {
    return Stream.of(
            List.of("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "has no memory left"),
            List.of("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "is not ready: READONLY"),
            List.of(
                "CONFIG SET min-replicas-to-write 1",
                "CONFIG SET min-replicas-to-write 0",
                "is not ready: NOREPLICAS"),
            List.of("ACL SETUSER default resetkeys", "ACL SETUSER default ~*", "refuses this user"))
        .flatMap(
            each ->
                Stream.of(true, false)
                    .map(newer -> Arguments.of(newer, each.get(0), each.get(1), each.get(2))));
  }

  @ParameterizedTest
  @MethodSource("passingRefusals")
  void whileTheResultsServerTakesNothingNothingIsSettledAndAfterwardsEverything(
      boolean newer, String begin, String end, String told) {
    RedisServer.Builder builder = RedisServer.builder();
    RedisServer other =
        peers.closed((newer ? builder.binary(DebianRedis.server()) : builder).start());
    other.command("HSET", "celery-task-meta-t0", "not", "a string");
    BrokerConfig config = peers.config().resultsUrl(other.url()).build();
    QueueConnection line = line(peers.closed(BrokerClient.transport(config, "test")), "a", "q");
    IntStream.range(0, 4).forEach(i -> publish("q", 0, i));
    List<Delivery> held = line.exchange(List.of(), 3, false).deliveries();
    List<Settlement> offered =
        List.of(
            done(held.get(0), storing("t0")),
            done(held.get(1), storing("t1"), publishing("after t1")),
            done(held.get(2)));
    other.command(begin.split(" "));

    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> line.exchange(offered, 1, false))
          .isInstanceOf(BrokerException.class)
          .hasMessageContaining(told);
    }
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(3);
    assertThat(peers.number("LLEN", "q")).isEqualTo(1);
    assertThat(peers.number("EXISTS", "next")).isZero();
    other.command(end.split(" "));

    assertThat(line.exchange(offered, 1, false).fates())
        .containsExactly(Fate.REFUSED, Fate.SETTLED, Fate.SETTLED);
    assertThat(other.command("GET", "celery-task-meta-t1")).isEqualTo("{\"status\": \"SUCCESS\"}");
    assertThat(peers.list("next")).containsExactly("after t1");
  }

  private void resultsAt(String url, RedisServer server, int database) {
    BrokerConfig config = peers.config().resultsUrl(url).build();
    Transport split = peers.closed(BrokerClient.transport(config, "test"));
    QueueConnection line = peers.closed(split.consume(List.of("q"), "a", woken::release));
    publish("q", 0, 1);
    publish("q", 0, 2);
    List<Delivery> held = line.exchange(List.of(), 2, false).deliveries();
    lapse(held.get(1));

    Exchange exchange =
        line.exchange(
            List.of(
                done(held.get(0), new Effect.StoreResult("t1", bytes("{\"status\": \"SUCCESS\"}"))),
                done(
                    held.get(1), new Effect.StoreResult("t2", bytes("{\"status\": \"SUCCESS\"}")))),
            0,
            false);

    assertThat(exchange.fates()).containsExactly(Fate.SETTLED, Fate.LAPSED);
    assertThat(server.command(database, "GET", "celery-task-meta-t1"))
        .isEqualTo("{\"status\": \"SUCCESS\"}");
    assertThat(server.command(database, "EXISTS", "celery-task-meta-t2")).isEqualTo(0L);
    assertThat(peers.number("EXISTS", "celery-task-meta-t1")).isZero();
  }

  @Test
  void aParkedMessageReturnsUnchangedToItsPriorityWhenItIsDue() {
    String message = "{\"headers\": {}, \"properties\": {\"priority\": 6}, \"n\": 1}";
    peers.redis().command("LPUSH", "q\u0006\u00166", message);
    QueueConnection line = line("q", "a");
    Delivery delivery = line.exchange(List.of(), 1, false).deliveries().get(0);
    Instant due = transport.time().plusSeconds(4);
    line.exchange(List.of(done(delivery, new Effect.Park("q", due, delivery.message()))), 0, false);

    ParkedMessages parked = peers.closed(transport.parked(() -> {}));
    assertThat(parked.restoreDue()).isLessThan(Duration.ofSeconds(5));
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(1);
    Interop.await(
        "it is due",
        () -> {
          parked.restoreDue();
          return peers.number("LLEN", "q\u0006\u00166") == 1;
        });

    assertThat(transport.time()).isAfterOrEqualTo(due);
    assertThat(peers.list("q\u0006\u00166")).containsExactly(message);
    assertThat(peers.number("HLEN", "unacked")).isZero();
    assertThat(peers.number("ZCARD", "unacked_index")).isZero();
    assertThat(peers.number("ZCARD", "stalk:parked")).isZero();
  }

  @Test
  void onlyWhatWasNotRenewedForAWholeLeaseIsAbandoned() {
    Transport living = shortLease();
    Transport dead = shortLease();
    publish("q", 0, 1);
    publish("q", 0, 2);
    QueueConnection silent = peers.closed(dead.consume(List.of("q"), "dead", woken::release));
    Delivery lost = silent.exchange(List.of(), 1, false).deliveries().get(0);
    QueueConnection line = peers.closed(living.consume(List.of("q"), "living", woken::release));
    String renewed = line.exchange(List.of(), 1, false).deliveries().get(0).tag();

    Interop.await(
        "the first is restored",
        () -> {
          assertThat(living.renew(List.of(renewed))).isEmpty();
          return living.restoreAbandoned() == 1;
        });

    assertThat(peers.list("q"))
        .containsExactly(
            "{\"body\": \"\", \"headers\": {\"redelivered\": true}, \"properties\": {}, \"n\": 1}");
    assertThat(peers.redis().command("HKEYS", "unacked")).isEqualTo(List.of(renewed));
    assertThat(living.renew(List.of(lost.tag(), renewed))).containsExactly(lost.tag());
    assertThat(peers.number("ZCARD", "unacked_index")).isEqualTo(1);
  }

  private Transport shortLease() {
    return peers.closed(
        BrokerClient.transport(
            peers
                .config()
                .lease(Duration.ofSeconds(1))
                .visibilityTimeout(Duration.ofMinutes(1))
                .build(),
            "test"));
  }

  @Test
  void whenTheSubscriptionBreaksALineIsWokenAndToldToPoll() throws Exception {
    QueueConnection line = line("q", "a");
    line.exchange(List.of(), 5, true);
    assertThat(line.givesNotice()).isTrue();
    woken.drainPermits();
    peers.redis().command("CLIENT", "KILL", "TYPE", "pubsub");

    assertThat(woken.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    assertThat(line.givesNotice()).isFalse(); // what was promised, was promised to the old one
    awaitNotice(line);
  }

  /** As kombu and the Java sweeps take a message from its holder. */
  private void lapse(Delivery delivery) {
    peers.redis().command("ZREM", "unacked_index", delivery.tag());
    peers.redis().command("HDEL", "unacked", delivery.tag());
  }

  private static void awaitNotice(QueueConnection line) {
    Interop.await(
        "the line is armed again",
        () -> {
          line.exchange(List.of(), 5, true);
          return line.givesNotice();
        });
  }

  @Test
  void theBindingIsWrittenAgainAfterAnOutage() {
    BrokerClient client = peers.client();
    client.send(TaskSignature.of("t").on("q"));
    peers.redis().command("DEL", "_kombu.binding.q");
    client.send(TaskSignature.of("t").on("q"));
    assertThat(peers.number("EXISTS", "_kombu.binding.q")).isZero();

    peers.redis().command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    client.send(TaskSignature.of("t").on("q"));

    assertThat(peers.number("SCARD", "_kombu.binding.q")).isEqualTo(1);
    assertThat(peers.number("LLEN", "q")).isEqualTo(3);
  }
}
