package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import org.junit.jupiter.api.Test;

/** Idle workers and what wakes them. */
class WakeUpIT {

  @Test
  void aWorkerWithoutTheRightToTrackPollsAndRunsEverything() throws Exception {
    try (Interop peers = new Interop()) {
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
      peers.javaWorker(peers.config().url(url).build(), 2, "java");
      BrokerClient client = peers.client();

      for (int i = 0; i < 20; i++) {
        long sum =
            client
                .send(TaskSignature.of("java.add", i, 1).on("java"))
                .get(Long.class, Interop.PATIENCE);
        assertThat(sum).isEqualTo(i + 1);
      }
    }
  }

  @Test
  void anIdleWorkerIsWokenForEachOfManyLoneTasks() throws Exception {
    try (Interop peers = new Interop()) {
      peers.javaWorker("a", "b", "c");
      BrokerClient client = peers.client();

      for (int i = 0; i < 150; i++) {
        String queue = "abc".substring(i % 3, i % 3 + 1);
        long sum =
            client
                .send(TaskSignature.of("java.add", i, 1).on(queue).withPriority(i % 10))
                .get(Long.class, Interop.PATIENCE);
        assertThat(sum).isEqualTo(i + 1);
      }
    }
  }
}
