package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A Java worker and a Celery worker on one queue. */
class SharedQueueIT {
  @Test
  void everyTaskRunsExactlyOnceAndBothSidesWork() throws Exception {
    try (Interop peers = new Interop()) {
      peers.celeryWorker(2, "shared");
      BrokerClient client = peers.client();
      List<TaskSignature> calls = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        calls.add(TaskSignature.of("interop.mark", "log", "t" + i, 0.005).on("shared"));
      }

      peers.javaWorker(peers.config().build(), 2, "shared", "java");
      client.send(TaskSignature.of("java.add", 1, 1).on("java")).get(Long.class, Interop.PATIENCE);

      List<AsyncResult> results = client.sendAll(calls); // both are there, and idle

      for (int i = 0; i < results.size(); i++) {
        assertThat(results.get(i).get(String.class, Interop.PATIENCE)).isEqualTo("t" + i);
      }
      List<String> log = peers.list("log");
      assertThat(new HashSet<>(log)).hasSize(600);
      assertThat(log).hasSize(600);
      Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
      assertThat(peers.number("LLEN", "shared")).isZero();
      assertThat(peers.number("LLEN", "log-java")).isBetween(1L, 599L);
    }
  }
}
