package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.peers.RedisServer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers whose results have a server of their own, and what goes wrong there. */
@Timeout(180)
class ResultsServerIT {
  private static final String WAITING_AND_HELD =
      "return redis.call('LLEN', KEYS[1]) + redis.call('HLEN', KEYS[2])";

  private Interop peers;
  private RedisServer results;
  private BrokerConfig config;

  @BeforeEach
  void start() {
    peers = new Interop();
    results = peers.closed(RedisServer.start());
    config = peers.config().resultsUrl(results.url()).build();
  }

  @AfterEach
  void stop() {
    peers.close();
  }

  /** Another program uses this result's key for something else. */
  private void take(String id) {
    results.command("HSET", "celery-task-meta-" + id, "not", "a string");
  }

  /** How often somebody has called a script there. */
  private long stores() {
    Matcher calls =
        Pattern.compile("cmdstat_evalsha:calls=(\\d+)")
            .matcher(String.valueOf(results.command("INFO", "commandstats")));
    return calls.find() ? Long.parseLong(calls.group(1)) : 0;
  }

  /** Acknowledges late, or early. */
  @ParameterizedTest
  @ValueSource(strings = {"interop.mark", "java.mark_early"})
  void aTaskWhoseResultsKeyIsTakenGoesToQuarantineByteForByteAndTheQueueGoesOn(String task) {
    take("taken");
    peers
        .python()
        .eval(
            """
            then = app.signature('%1$s', ('next', 'x', 0), immutable=True).set(queue='work')
            for i in range(20):
                id = 'taken' if i == 7 else 'free-%%d' %% i
                first = app.signature('%1$s', ('first', id, 0)).set(queue='work', task_id=id)
                (first | then).apply_async()
            """
                .formatted(task));
    List<String> sent = peers.list("work");

    peers.javaWorker(config, 4, "work");

    Interop.await("one is in quarantine", () -> peers.number("LLEN", "work.quarantine") == 1);
    Interop.await("the next steps have run", () -> peers.number("LLEN", "next") == 19);
    BrokerClient client = peers.client(config);
    List<AsyncResult> later = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      later.add(client.send(TaskSignature.of("java.add", i, 1).on("work")));
    }
    for (int i = 0; i < 20; i++) {
      assertThat(later.get(i).get(Integer.class, Interop.PATIENCE)).isEqualTo(i + 1);
    }
    Interop.await("nothing is held", () -> peers.number("EXISTS", "work", "unacked") == 0);
    assertThat(peers.list("first")).hasSize(20).doesNotHaveDuplicates();
    assertThat(peers.list("next")).as("no next step of the refused one").hasSize(19);
    for (int i = 0; i < 20; i++) {
      if (i != 7) {
        assertThat((String) results.command("GET", "celery-task-meta-free-" + i))
            .contains("\"status\": \"SUCCESS\"");
      }
    }
    assertThat(results.command("HGETALL", "celery-task-meta-taken"))
        .isEqualTo(List.of("not", "a string"));
    assertThat(peers.list("work.quarantine")).hasSize(1);
    String entry = peers.list("work.quarantine").get(0);
    assertThat(entry).startsWith("{\"reason\": \"its outcome could not be written\"");
    assertThat(entry.substring(entry.indexOf('\n') + 1))
        .isEqualTo(sent.get(sent.size() - 1 - 7))
        .contains("\"taken\"");
  }

  @Test
  void withoutMemoryThereTheQueueStandsStillAndNothingRunsTwice() {
    BrokerClient client = peers.client(config);
    peers.javaWorker(config, 2, "work");
    assertThat(
            client
                .send(TaskSignature.of("java.add", 1, 1).on("work"))
                .get(Integer.class, Interop.PATIENCE))
        .isEqualTo(2);
    results.command("CONFIG", "SET", "maxmemory", "1");
    List<AsyncResult> marks = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      marks.add(client.send(TaskSignature.of("interop.mark", "ran", "m" + i).on("work")));
    }
    long before = stores();
    Interop.await("storing was tried again and again", () -> stores() >= before + 3);
    assertThat(peers.number("EVAL", WAITING_AND_HELD, "2", "work", "unacked")).isEqualTo(50);

    results.command("CONFIG", "SET", "maxmemory", "0");

    for (AsyncResult mark : marks) {
      assertThat(mark.get(String.class, Interop.PATIENCE)).startsWith("m");
    }
    Interop.await("all is settled", () -> peers.number("EXISTS", "work", "unacked") == 0);
    assertThat(peers.list("ran")).hasSize(50).doesNotHaveDuplicates();
    assertThat(peers.number("LLEN", "work.quarantine")).isZero();
  }
}
