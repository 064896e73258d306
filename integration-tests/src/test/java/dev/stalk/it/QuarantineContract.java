package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.transport.BrokerFullException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Quarantine;
import dev.stalk.broker.transport.QuarantineEntry;
import dev.stalk.broker.transport.QuarantinedMessage;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Replay;
import dev.stalk.broker.transport.Replay.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every broker promises about messages that were put aside. */
abstract class QuarantineContract extends TransportContract {
  private static final String ENVELOPE =
      "{\"body\": \"W1tdLHt9LHt9XQ==\", \"content-encoding\": \"utf-8\","
          + " \"content-type\": \"application/json\","
          + " \"headers\": {\"task\": \"t\", \"id\": \"id-%1$s\"},"
          + " \"properties\": {\"delivery_tag\": \"tag-%1$s\", \"priority\": %2$d,"
          + " \"delivery_info\": {\"exchange\": \"\", \"routing_key\": \"q\"%3$s},"
          + " \"body_encoding\": \"base64\"}}";

  private Quarantine quarantine;
  private QueueConnection helper;

  @BeforeEach
  final void open() {
    quarantine = transport.quarantine();
    helper = line("helper", "helper");
  }

  private static String task(Object name, int priority) {
    return ENVELOPE.formatted(name, priority, "");
  }

  private void put(String message) {
    put("q", message);
  }

  private void put(String queue, String message) {
    publish("helper", 0, 1);
    Delivery held = helper.exchange(List.of(), 1, false).deliveries().get(0);
    helper.exchange(
        List.of(done(held, new Effect.Quarantine(queue, "no", 3, bytes(message)))), 0, false);
  }

  private String onlyId() {
    List<QuarantineEntry> entries = quarantine.list("q", 0, 10);
    assertThat(entries).hasSize(1);
    return entries.get(0).id();
  }

  @Test
  void aPageIsTheOldestFirstAndSaysWhatIsKnown() {
    for (int i = 0; i < 5; i++) {
      put(task(i, 0));
    }

    List<QuarantineEntry> page = quarantine.list("q", 1, 3);

    assertThat(page).extracting(QuarantineEntry::taskId).containsExactly("id-1", "id-2", "id-3");
    assertThat(page).extracting(QuarantineEntry::index).containsExactly(1L, 2L, 3L);
    assertThat(page.get(0).task()).isEqualTo("t");
    assertThat(page.get(0).reason()).isEqualTo("no");
    assertThat(page.get(0).deliveries()).isEqualTo(3);
    assertThat(page.get(0).size()).isEqualTo(task(1, 0).length());
    assertThat(page.get(0).time())
        .isBetween(transport.time().minusSeconds(60), transport.time().plusSeconds(60));
    assertThat(page.get(0).id()).matches("[0-9a-f]{16}").isNotEqualTo(page.get(1).id());
    assertThat(quarantine.list("q", 5, 3)).isEmpty();
    assertThat(quarantine.queues()).containsExactly(Map.entry("q", 5L));
    assertThatThrownBy(() -> quarantine.list("q", 0, 1001))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anIdFindsItsMessageWhateverLeavesBeforeIt() {
    for (int i = 0; i < 3; i++) {
      put(task(i, 0));
    }
    String id = quarantine.list("q", 2, 1).get(0).id();
    quarantine.purge("q", quarantine.list("q", 0, 1).get(0).id());

    QuarantinedMessage found = quarantine.find("q", id);

    assertThat(text(found.message())).isEqualTo(task(2, 0));
    assertThat(found.entry().index()).isEqualTo(1);
    assertThat(found.unfit()).isEmpty();
    assertThat(quarantine.find("q", "0123456789abcdef")).isNull();
    assertThat(quarantine.at("q", 7)).isNull();
  }

  @Test
  void aReplayedMessageWaitsBehindTheOthersAtItsPriorityUnchanged() {
    put(task("a", 4));
    publish("q", 3, "waits already");

    Replay replay = quarantine.replay("q", onlyId(), null);

    assertThat(replay.outcome()).isEqualTo(Outcome.REPLAYED);
    assertThat(waiting("q")).containsExactly("waits already", task("a", 4));
    assertThat(quarantine.count("q")).isZero();
  }

  @Test
  void aReplayedMessageIsCountedAfresh() {
    transport.countDelivery("tag-new");
    transport.countDelivery("tag-old");
    put(task("new", 0));
    put(ENVELOPE.formatted("old", 0, ", \"redelivered\": true"));

    assertThat(quarantine.replayAll("q", null))
        .extracting(Replay::outcome)
        .containsExactly(Outcome.REPLAYED, Outcome.REPLAYED);

    assertThat(transport.countDelivery("tag-new")).isEqualTo(2); // its first was not counted
    assertThat(transport.countDelivery("tag-old")).isEqualTo(1); // it bears its mark
  }

  @Test
  void aMessageThatGoesToAnotherQueueIsAddressedToItAndOtherwiseUnchanged() {
    put(ENVELOPE.formatted("a", 0, ", \"redelivered\": true"));

    quarantine.replay("q", onlyId(), "other \"1\"");

    assertThat(waiting("other \"1\""))
        .containsExactly(
            task("a", 0).replace("\"routing_key\": \"q\"", "\"routing_key\": \"other \\\"1\\\"\""));
  }

  @Test
  void replayingTwiceDoublesNothing() {
    put(task("a", 0));
    String id = onlyId();

    assertThat(quarantine.replay("q", id, null).outcome()).isEqualTo(Outcome.REPLAYED);
    assertThat(quarantine.replay("q", id, null).outcome()).isEqualTo(Outcome.GONE);

    assertThat(waiting("q")).hasSize(1);
  }

  @Test
  void manyReplayersAtOnceLoseAndDoubleNothing() throws Exception {
    for (int i = 0; i < 200; i++) {
      put(task(i, 0));
    }
    ExecutorService replayers = Executors.newFixedThreadPool(4);
    List<Future<List<Replay>>> replays = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      replays.add(replayers.submit(() -> quarantine.replayAll("q", null)));
    }
    long replayed = 0;
    for (Future<List<Replay>> each : replays) {
      replayed +=
          each.get(60, TimeUnit.SECONDS).stream()
              .filter(replay -> replay.outcome() == Outcome.REPLAYED)
              .count();
    }
    replayers.shutdown();

    assertThat(replayed).isEqualTo(200);
    assertThat(waiting("q")).hasSize(200).doesNotHaveDuplicates();
    assertThat(quarantine.count("q")).isZero();
  }

  @Test
  void whatNoWorkerCouldTakeStaysInQuarantine() {
    put("not JSON");
    put(task("a", 0).replace("\"content-type\": \"application/json\",", ""));
    put(task("b", 0));

    List<Replay> replays = quarantine.replayAll("q", null);

    assertThat(replays)
        .extracting(Replay::outcome)
        .containsExactly(Outcome.REFUSED, Outcome.REFUSED, Outcome.REPLAYED);
    assertThat(replays.get(0).detail()).startsWith("no worker could take it: not JSON");
    assertThat(replays.get(1).detail()).contains("content-type is missing");
    assertThat(quarantine.at("q", 0).unfit()).isNotEmpty();
    assertThat(quarantine.count("q")).isEqualTo(2);
    assertThat(waiting("q")).containsExactly(task("b", 0));
  }

  @Test
  void aReplayThatTheBrokerRefusesLeavesTheMessageWhereItIs() {
    put(task("a", 0));
    String id = onlyId();
    broker.fill();

    assertThatThrownBy(() -> quarantine.replay("q", id, null))
        .isInstanceOf(BrokerFullException.class);
    broker.free();

    assertThat(onlyId()).isEqualTo(id);
    assertThat(waiting("q")).isEmpty();
  }

  @Test
  void oneMessageIsPurgedAndTheOthersStay() {
    put(task("a", 0));
    put(task("b", 0));
    String id = quarantine.list("q", 0, 1).get(0).id();

    assertThat(quarantine.purge("q", id)).isTrue();
    assertThat(quarantine.purge("q", id)).isFalse();

    assertThat(quarantine.at("q", 0).entry().taskId()).isEqualTo("id-b");
    assertThat(quarantine.purgeAll("q")).isEqualTo(1);
    assertThat(quarantine.count("q")).isZero();
    assertThat(quarantine.queues()).isEmpty();
  }

  @Test
  void onlyWhatIsOlderIsPurgedByAge() {
    put(task("old", 0));
    Instant half = transport.time().plusSeconds(6);
    broker.await("six seconds have passed", () -> transport.time().isAfter(half));
    put(task("young", 0));

    assertThat(quarantine.purgeOlderThan("q", Duration.ofSeconds(5))).isEqualTo(1);

    assertThat(quarantine.at("q", 0).entry().taskId()).isEqualTo("id-young");
  }
}
