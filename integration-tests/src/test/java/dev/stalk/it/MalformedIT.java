package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.CeleryWorker;
import dev.stalk.peers.MessageCorpus;
import dev.stalk.peers.MessageCorpus.Case;
import dev.stalk.peers.MessageCorpus.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole corpus of malformed messages, through a real Redis and a worker that lives on. */
class MalformedIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String QUEUE = "corpus";

  /** Redis's own reader of JSON is laxer than ours: what it lets pass is refused by ours. */
  private static final String AT_FETCH = "not a JSON object with headers and properties";

  private final Interop peers = new Interop();

  @AfterEach
  void stop() {
    peers.close();
  }

  private void javaWorker() {
    peers.worker(
        worker ->
            worker.task(
                MessageCorpus.TASK, (context, arguments) -> arguments.get(0, "x", Object.class)),
        QUEUE);
  }

  private void push(String queue, List<Case> cases) {
    try (Connection redis = new Connection("127.0.0.1", peers.redis().port())) {
      for (Case each : cases) {
        redis.sendCommand(Command.LPUSH, queue.getBytes(StandardCharsets.UTF_8), each.message());
        redis.getOne();
      }
    }
  }

  /** What is kept: each message's bytes in hexadecimal, and the reason. */
  private Map<String, List<String>> kept() {
    Map<String, List<String>> reasons = new LinkedHashMap<>();
    try (Connection redis = new Connection("127.0.0.1", peers.redis().port())) {
      redis.sendCommand(Command.LRANGE, QUEUE + ".quarantine", "0", "-1");
      for (byte[] entry : redis.getBinaryMultiBulkReply()) {
        int line = 0;
        while (entry[line] != '\n') {
          line++;
        }
        JsonNode about = JsonMapper.shared().readTree(Arrays.copyOf(entry, line));
        reasons
            .computeIfAbsent(
                HexFormat.of().formatHex(entry, line + 1, entry.length),
                unused -> new ArrayList<>())
            .add(about.get("reason").stringValue());
      }
    }
    return reasons;
  }

  private String status(String id) {
    Object meta = peers.redis().command("GET", "celery-task-meta-" + id);
    return meta == null
        ? "none"
        : ResultCodec.decode(id, ((String) meta).getBytes(StandardCharsets.UTF_8)).state().name();
  }

  private static long count(List<Case> cases, Outcome outcome) {
    return cases.stream().filter(each -> each.outcome() == outcome).count();
  }

  private static String expected(Case each) {
    return each.outcome() == Outcome.QUARANTINED ? "FAILURE" : each.outcome().name();
  }

  @Test
  void theWholeCorpusIsRunKeptOrFailedAndTheBooksAreBalanced() {
    List<Case> cases = MessageCorpus.load();
    javaWorker();

    push(QUEUE, cases);

    long quarantined = count(cases, Outcome.QUARANTINED);
    long parked = count(cases, Outcome.PARKED);
    Interop.await(
        PATIENCE,
        "everything has come to its end",
        () ->
            peers.number("LLEN", QUEUE) == 0
                && peers.number("LLEN", QUEUE + ".quarantine") >= quarantined
                && peers.number("HLEN", "unacked") <= parked);
    assertThat(peers.number("LLEN", QUEUE + ".quarantine")).isEqualTo(quarantined);
    assertThat(peers.number("HLEN", "unacked")).isEqualTo(parked);
    Map<String, List<String>> kept = kept();
    for (Case each : cases) {
      List<String> reasons = kept.get(HexFormat.of().formatHex(each.message()));
      if (each.outcome() == Outcome.QUARANTINED) {
        assertThat(reasons)
            .as("%s: kept byte for byte, once", each)
            .hasSize(1)
            .allMatch(
                reason ->
                    reason.contains(each.says()) || (each.atFetch() && reason.equals(AT_FETCH)));
      } else {
        assertThat(reasons).as("%s: not kept", each).isNull();
      }
      if (each.id() != null && !each.atFetch() && each.outcome() != Outcome.PARKED) {
        assertThat(status(Objects.requireNonNull(each.id())))
            .as(each.name())
            .isEqualTo(expected(each));
      }
    }
    assertThat(
            peers
                .client()
                .send(TaskSignature.of(MessageCorpus.TASK, "as usual").on(QUEUE))
                .get(String.class, PATIENCE))
        .isEqualTo("as usual");
  }

  /** What a Celery worker survives: the state that is stored, there and here. */
  @Test
  void whatCelerySurvivesComesToTheSameState() {
    List<String> names =
        List.of(
            "nothing is wrong",
            "nothing is wrong in protocol 1",
            "nothing is wrong in the hybrid",
            "only task and id",
            "body:/2 = null",
            "body:/2 = {}",
            "body:/2 = {\"x\":1}",
            "arguments that do not fit",
            "protocol 1 with task and id alone",
            "/headers/task = \"nobody.knows\"",
            "body:/2/callbacks = [1]",
            "/headers/expires = \"2026-01-01T00:00:00\"",
            "/headers/timelimit = []",
            "/headers/eta = \"2026-01-01T00:00:00\"",
            "body: NaN and both infinities",
            "body: a key twice",
            "compressed");
    List<Case> cases =
        MessageCorpus.load().stream().filter(each -> names.contains(each.name())).toList();
    assertThat(cases).hasSameSizeAs(names);
    CeleryWorker python = peers.celeryWorker(1, "python");

    push("python", cases);

    Map<String, String> there = new LinkedHashMap<>();
    for (Case each : cases) {
      Interop.await(PATIENCE, "Celery stores " + each, () -> !status(each.id()).equals("none"));
      there.put(each.name(), status(each.id()));
      peers.redis().command("DEL", "celery-task-meta-" + each.id());
    }
    assertThat(python.isAlive()).isTrue();
    javaWorker();
    push(QUEUE, cases);
    Map<String, String> here = new LinkedHashMap<>();
    for (Case each : cases) {
      Interop.await(PATIENCE, "Java stores " + each, () -> !status(each.id()).equals("none"));
      here.put(each.name(), status(each.id()));
    }
    assertThat(here).isEqualTo(there);
  }
}
