package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.redis.RedisSentinel;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.PublishRetryPolicy;
import dev.stalk.peers.PythonSession;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A master that dies, and Sentinels that name another. */
class SentinelIT {
  private static final PublishRetryPolicy WAITING =
      new PublishRetryPolicy(
          PublishRetryPolicy.FOREVER,
          Duration.ZERO,
          Duration.ofMillis(100),
          Duration.ofMillis(500));

  @TempDir Path directory;

  private static BrokerConfig config(SentinelTrio trio, int database) {
    return BrokerConfig.builder()
        .url(trio.url(database))
        .sentinel(
            new RedisSentinel(SentinelTrio.MASTER, null, SentinelTrio.SENTINEL_PASSWORD, false))
        .publishRetry(WAITING)
        .build();
  }

  private static AsyncResult mark(BrokerClient client, int number) {
    return client.send(TaskSignature.of("interop.mark", "log", "t" + number, 0.02).on("work"));
  }

  @Test
  void workGoesOnAtTheNewMasterAndWhatWasHeldIsNotLost() throws Exception {
    try (SentinelTrio trio = new SentinelTrio(directory);
        Interop journal = new Interop()) {
      BrokerConfig config = config(trio, 0);
      BrokerClient client = journal.client(config);
      journal.javaWorker(config, 4, "work");
      List<AsyncResult> results = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        results.add(mark(client, i));
      }
      Interop.await("it is at work", () -> journal.number("LLEN", "log") >= 5);
      trio.awaitReplica(); // nothing that was sent is lost with the master

      trio.master().kill();

      Set<String> expected = new HashSet<>();
      for (int i = 0; i < 60; i++) {
        if (i >= 40) {
          results.add(mark(client, i)); // waits for the new master
        }
        expected.add("t" + i);
      }
      for (AsyncResult result : results) {
        result.get(String.class, Duration.ofSeconds(60));
      }
      assertThat(new HashSet<>(journal.list("log"))).isEqualTo(expected);
      // what was sent twice, as its first confirmation died with the master, is still to end
      Interop.await(
          "nothing is held",
          () -> Long.valueOf(0).equals(trio.replica().command("HLEN", "unacked")));
      assertThat(String.valueOf(trio.replica().command("ROLE"))).startsWith("[master");
    }
  }

  @Test
  void celeryAndJavaMeetAtTheMastersDatabase() throws Exception {
    try (SentinelTrio trio = new SentinelTrio(directory);
        Interop peers = new Interop()) {
      String[] environment = {
        "REDIS_URL", trio.url(2),
        "BROKER_OPTIONS", SentinelTrio.options(),
        "RESULT_OPTIONS", SentinelTrio.options()
      };
      BrokerConfig config = config(trio, 2);
      peers.javaWorker(config, 2, "java");
      peers.celeryWorker(Interop.environment(environment), 1, "python");
      PythonSession python = peers.python(environment);

      assertThat(
              peers
                  .client(config)
                  .send(TaskSignature.of("interop.add", 2, 3).on("python"))
                  .get(Long.class, Interop.PATIENCE))
          .isEqualTo(5);
      assertThat(
              python
                  .eval("app.send_task('java.add', (3, 4), queue='java').get(timeout=60)")
                  .asInt())
          .isEqualTo(7);
      assertThat(String.valueOf(trio.master().command("INFO", "keyspace")))
          .contains("db2:")
          .doesNotContain("db0:");
    }
  }

  @Test
  void sentinelsThatDoNotKnowTheMasterOrTheLoginAreNamed() throws Exception {
    try (SentinelTrio trio = new SentinelTrio(directory)) {
      BrokerConfig unknown =
          config(trio, 0).toBuilder()
              .sentinel(new RedisSentinel("nobody", null, SentinelTrio.SENTINEL_PASSWORD, false))
              .publishRetry(PublishRetryPolicy.DEFAULT)
              .build();
      try (BrokerClient client = BrokerClient.connect(unknown)) {
        assertThatThrownBy(() -> client.send(TaskSignature.of("nobody")))
            .isInstanceOf(BrokerUnavailableException.class)
            .hasMessageContaining("where the master 'nobody' is")
            .hasMessageContaining("it does not know that name");
      }
      BrokerConfig noPassword =
          unknown.toBuilder()
              .sentinel(new RedisSentinel(SentinelTrio.MASTER, null, null, false))
              .build();
      try (BrokerClient client = BrokerClient.connect(noPassword)) {
        assertThatThrownBy(() -> client.send(TaskSignature.of("nobody")))
            .hasMessageContaining("NOAUTH");
      }
      assertThatThrownBy(() -> BrokerClient.connect(trio.url(0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("master-name");
    }
  }
}
