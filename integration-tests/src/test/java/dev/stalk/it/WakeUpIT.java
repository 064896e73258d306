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

  @Test
  void anIdleWorkerAsksLittleOfRedis() throws Exception {
    try (Interop peers = new Interop()) {
      peers.javaWorker("q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9");
      Interop.await(
          "all ten lines are armed and waiting",
          () ->
              String.valueOf(peers.redis().command("INFO", "clients"))
                  .contains("tracking_clients:10"));
      peers.redis().command("CONFIG", "RESETSTAT");

      Interop.await("every line has looked again, for safety", () -> looks(stats(peers)) >= 10);

      // a look is one CLIENT CACHING, one EVALSHA and what the script reads; nothing pops
      String stats = stats(peers);
      assertThat(calls(stats, "lrange")).isLessThanOrEqualTo(4 * looks(stats));
      assertThat(calls(stats, "client")).isLessThanOrEqualTo(looks(stats) + 10);
      assertThat(calls(stats, "brpop")).isZero();
    }
  }

  private static String stats(Interop peers) {
    return String.valueOf(peers.redis().command("INFO", "commandstats"));
  }

  private static long looks(String stats) {
    return calls(stats, "evalsha")
        + calls(stats, "eval"); // by text where Redis does not know it yet
  }

  private static long calls(String stats, String command) {
    int at = stats.indexOf("cmdstat_" + command + ":calls=");
    if (at < 0) {
      return 0;
    }
    int from = stats.indexOf('=', at) + 1;
    return Long.parseLong(stats.substring(from, stats.indexOf(',', from)));
  }
}
