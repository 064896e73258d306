package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QuarantineEntry;
import dev.stalk.broker.transport.QuarantinedMessage;
import dev.stalk.broker.transport.Replay;
import dev.stalk.broker.transport.Replay.Outcome;
import dev.stalk.broker.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages that cannot be run: how they are kept, looked at, sent again and deleted. */
class QuarantineIT {
  private static final String ENVELOPE =
      "{\"body\": \"W1tdLHt9LHt9XQ==\", \"content-encoding\": \"utf-8\","
          + " \"content-type\": \"application/json\","
          + " \"headers\": {\"task\": \"t\", \"id\": \"id-%1$s\"},"
          + " \"properties\": {\"delivery_tag\": \"tag-%1$s\", \"priority\": %2$d,"
          + " \"delivery_info\": {\"exchange\": \"\", \"routing_key\": \"q\"%3$s},"
          + " \"body_encoding\": \"base64\"}}";

  private Interop peers;
  private Transport transport;
  private Quarantine quarantine;

  @BeforeEach
  void start() {
    peers = new Interop();
    transport = peers.closed(BrokerClient.transport(peers.config().build(), "test"));
    quarantine = transport.quarantine();
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  private static String envelope(Object name, int priority) {
    return ENVELOPE.formatted(name, priority, "");
  }

  private static String entry(String queue, double time, String message) {
    String line =
        "{\"reason\": \"no\", \"queue\": \"%s\", \"time\": %.3f, \"deliveries\": 3}"
            .formatted(queue, time);
    return lines(line, message);
  }

  private static String lines(String first, String second) {
    return first + '\n' + second;
  }

  private void put(String entry) {
    peers.redis().command("RPUSH", "q.quarantine", entry);
  }

  private String onlyId() {
    List<QuarantineEntry> entries = quarantine.list("q", 0, 10);
    assertThat(entries).hasSize(1);
    return entries.get(0).id();
  }

  private static String text(QuarantinedMessage found) {
    return new String(found.message(), StandardCharsets.UTF_8);
  }

  // what workers cannot take (RT-7, D8)

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "not JSON | not a JSON object",
        "[1, 2] | not a JSON object",
        "{\"headers\": {}, \"properties\": []} | message.properties is an array",
        "{\"headers\": {\"task\": \"a\", \"id\": \"1\"}, \"properties\": {}, \"body\": 7,"
            + " \"content-type\": \"application/json\"} | body",
        "{\"headers\": {\"task\": \"a\", \"id\": \"1\"}, \"properties\": {}, \"body\": \"W10=\","
            + " \"content-type\": \"application/unheard-of\"} | content-type",
      })
  void whatCannotBeReadIsKeptByteForByteWithReasonTimeQueueAndCount(String raw, String reason) {
    peers.javaWorker("q");
    Instant before = transport.time();

    peers.redis().command("LPUSH", "q", raw);
    Interop.await("it is in quarantine", () -> quarantine.count("q") == 1);

    QuarantinedMessage found = quarantine.at("q", 0);
    assertThat(text(found)).isEqualTo(raw);
    assertThat(found.entry().reason()).contains(reason);
    assertThat(found.entry().queue()).isEqualTo("q");
    assertThat(found.entry().deliveries()).isEqualTo(1);
    assertThat(found.entry().size()).isEqualTo(raw.length());
    assertThat(found.entry().time())
        .isBetween(before.minusSeconds(5), transport.time().plusSeconds(5));
    assertThat(found.unfit()).isNotEmpty();
    assertThat(peers.number("HLEN", "unacked")).isZero();
  }

  @Test
  void aTaskThatCameToTheWrongQueueIsReplayedToTheRightOneAndRuns() {
    peers.javaWorker("q");
    peers.celeryWorker(1, "python");
    AsyncResult sum = peers.client().send(TaskSignature.of("interop.add", 2, 3).on("q"));
    Interop.await("it is in quarantine", () -> quarantine.count("q") == 1);
    QuarantineEntry entry = quarantine.list("q", 0, 1).get(0);
    assertThat(entry.task()).isEqualTo("interop.add");
    assertThat(entry.taskId()).isEqualTo(sum.id());

    Replay replay = quarantine.replay("q", entry.id(), "python");

    assertThat(replay).isEqualTo(new Replay(entry.id(), Outcome.REPLAYED, "python"));
    Interop.await("Python has run it", () -> Integer.valueOf(5).equals(sum.result().value()));
    assertThat(quarantine.count("q")).isZero();
  }

  // looking

  @Test
  void aPageIsTheOldestFirstAndSaysWhatIsKnown() {
    for (int i = 0; i < 5; i++) {
      put(entry("q", 1000.5 + i, envelope(i, 0)));
    }

    List<QuarantineEntry> page = quarantine.list("q", 1, 3);

    assertThat(page).extracting(QuarantineEntry::taskId).containsExactly("id-1", "id-2", "id-3");
    assertThat(page).extracting(QuarantineEntry::index).containsExactly(1L, 2L, 3L);
    assertThat(page.get(0).time()).isEqualTo(Instant.ofEpochMilli(1_001_500));
    assertThat(page.get(0).deliveries()).isEqualTo(3);
    assertThat(page.get(0).id()).matches("[0-9a-f]{16}").isNotEqualTo(page.get(1).id());
    assertThat(quarantine.list("q", 5, 3)).isEmpty();
  }

  @Test
  void anIdFindsItsMessageWhateverLeavesBeforeIt() {
    for (int i = 0; i < 3; i++) {
      put(entry("q", 1000 + i, envelope(i, 0)));
    }
    String id = quarantine.list("q", 2, 1).get(0).id();
    peers.redis().command("LPOP", "q.quarantine");

    QuarantinedMessage found = quarantine.find("q", id);

    assertThat(text(found)).isEqualTo(envelope(2, 0));
    assertThat(found.entry().index()).isEqualTo(1);
    assertThat(found.unfit()).isEmpty();
    assertThat(quarantine.find("q", "0123456789abcdef")).isNull();
    assertThat(quarantine.at("q", 7)).isNull();
  }

  @Test
  void largeMessagesAreListedWithoutTheirBulk() {
    String large = "x".repeat(3 << 20);
    for (int i = 0; i < 6; i++) {
      put(entry("q", 1000 + i, large + i));
    }

    List<QuarantineEntry> page = quarantine.list("q", 0, 100);

    assertThat(page).hasSize(6);
    assertThat(page).extracting(QuarantineEntry::size).containsOnly((3L << 20) + 1);
    assertThat(text(quarantine.find("q", page.get(5).id()))).isEqualTo(large + 5);
  }

  @Test
  void theQueuesWithAQuarantineAreFoundWhateverTheirNames() {
    peers.redis().command("RPUSH", "q [1].quarantine", "a", "b");
    peers.redis().command("RPUSH", "żółw.quarantine", "c");
    peers.redis().command("SET", "no.quarantine", "not a list");

    assertThat(quarantine.queues())
        .containsExactly(java.util.Map.entry("q [1]", 2L), java.util.Map.entry("żółw", 1L));
  }

  @Test
  void whatIsNoListIsToldAndLeftAlone() {
    peers.redis().command("SET", "q.quarantine", "not a list");

    assertThatThrownBy(() -> quarantine.list("q", 0, 1))
        .isInstanceOf(BrokerException.class)
        .hasMessageContaining("WRONGTYPE");
    assertThatThrownBy(() -> quarantine.purgeAll("q")).hasMessageContaining("WRONGTYPE");
    assertThat(peers.redis().command("GET", "q.quarantine")).isEqualTo("not a list");
  }

  // replaying

  @Test
  void aReplayedMessageIsCountedAfresh() {
    peers.redis().command("SET", "stalk:deliveries:tag-new", "4");
    peers.redis().command("SET", "stalk:deliveries:tag-old", "4");
    put(entry("q", 1000, envelope("new", 0)));
    put(entry("q", 1000, ENVELOPE.formatted("old", 0, ", \"redelivered\": true")));

    assertThat(quarantine.replayAll("q", null))
        .extracting(Replay::outcome)
        .containsExactly(Outcome.REPLAYED, Outcome.REPLAYED);

    assertThat(peers.redis().command("EXISTS", "stalk:deliveries:tag-new")).isEqualTo(0L);
    assertThat(transport.countDelivery("tag-new")).isEqualTo(2); // its first was not counted
    assertThat(transport.countDelivery("tag-old"))
        .isEqualTo(1); // it bears the mark of a redelivery
  }

  @Test
  void anEntryThatLiesUnderAnotherQueuesNameIsReplayedOnlyWhereOneSays() {
    put(entry("before", 1000, envelope("a", 0)));
    String id = onlyId();

    Replay guess = quarantine.replay("q", id, null);
    assertThat(guess.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(guess.detail())
        .isEqualTo(
            "it came from queue before but lies in the quarantine of q: say where it is to go");

    assertThat(quarantine.replay("q", id, "q").outcome()).isEqualTo(Outcome.REPLAYED);
    assertThat(peers.number("LLEN", "q")).isEqualTo(1);
  }

  @Test
  void anEntryMadeByHandIsShownAndReplayedOnlyWhereOneSays() {
    put(envelope("a", 0));
    String odd = lines("{\"reason\": 1}", "something");
    put(odd);
    QuarantineEntry first = quarantine.list("q", 0, 2).get(0);

    assertThat(first.reason()).startsWith("unknown: the entry does not begin with the line");
    assertThat(first.queue()).isEmpty();
    assertThat(first.time()).isNull();
    assertThat(text(quarantine.at("q", 1))).isEqualTo(odd);
    assertThat(quarantine.replayAll("q", null))
        .extracting(Replay::outcome)
        .containsExactly(Outcome.REFUSED, Outcome.REFUSED);
    assertThat(quarantine.replay("q", first.id(), "q").outcome()).isEqualTo(Outcome.REPLAYED);
    assertThat(peers.list("q")).containsExactly(envelope("a", 0));
  }

  @Test
  void aReplayThatRedisRefusesLeavesTheMessageWhereItIs() {
    put(entry("q", 1000, envelope("a", 0)));
    String id = onlyId();
    peers.redis().command("SET", "other", "not a list");

    assertThatThrownBy(() -> quarantine.replay("q", id, "other")).hasMessageContaining("WRONGTYPE");
    peers.redis().command("CONFIG", "SET", "maxmemory", "1");
    assertThatThrownBy(() -> quarantine.replay("q", id, null))
        .isInstanceOf(BrokerFullException.class);
    peers.redis().command("CONFIG", "SET", "maxmemory", "0");

    assertThat(onlyId()).isEqualTo(id);
    assertThat(peers.number("LLEN", "q")).isZero();
  }

  // deleting

  @Test
  void onlyWhatIsOlderAndSaysSoIsPurgedByAge() {
    Instant now = transport.time();
    Instant hourAgo = now.minus(Duration.ofHours(1));
    for (int i = 0; i < 150; i++) {
      put(entry("q", (double) hourAgo.getEpochSecond(), "old " + i));
    }
    put("made by hand");
    put(
        entry(
            "q",
            (double) now.getEpochSecond(),
            lines("\", \"time\": 1.000, \"deliveries\": 1}", "young")));
    put(entry("q", (double) hourAgo.getEpochSecond(), "old again"));

    assertThat(quarantine.purgeOlderThan("q", Duration.ofMinutes(1))).isEqualTo(151);

    assertThat(quarantine.list("q", 0, 10))
        .extracting(QuarantineEntry::reason)
        .hasSize(2)
        .element(0, org.assertj.core.api.InstanceOfAssertFactories.STRING)
        .startsWith("unknown");
  }
}
