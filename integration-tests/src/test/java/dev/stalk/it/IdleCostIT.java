package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.worker.Worker;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerEventsConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What workers that have nothing to do ask of Redis, everything counted. */
class IdleCostIT {
  private static final long WINDOW =
      Duration.ofSeconds(Integer.getInteger("stalk.idle", 40)).toNanos();

  @ParameterizedTest
  @CsvSource({"10, PT0S, 10", "10, PT2S, 10"})
  void anIdleWorkerCostsRedisFewCommandsASecondInAll(int queues, Duration heartbeat, int limit) {
    try (Interop peers = new Interop()) {
      start(peers, heartbeat, names(queues));
      awaitArmed(peers, queues + 1); // the timer of the parked messages is one more
      long before = Commands.total(peers.redis());
      long start = System.nanoTime();

      Interop.await(
          Duration.ofMinutes(3),
          "every line has looked for safety",
          () -> System.nanoTime() - start > WINDOW);

      double seconds = (System.nanoTime() - start) / 1e9;
      double rate = (Commands.total(peers.redis()) - before) / seconds;
      System.out.printf(
          "%d idle queues, heartbeat %s: %.2f commands a second%n", queues, heartbeat, rate);
      assertThat(rate).as(Commands.table(peers.redis())).isLessThanOrEqualTo(limit);
      assertThat(Commands.count(peers.redis(), "brpop")).isZero();
      assertThat(Commands.count(peers.redis(), "publish") > 0).isEqualTo(!heartbeat.isZero());
    }
  }

  @Test
  void manyIdleWorkersOfAQueueDoNotComeAllAtOnceForOneTaskAfterAnother() throws Exception {
    int workers = 50;
    int tasks = 20;
    try (Interop peers = new Interop()) {
      IntStream.range(0, workers).forEach(i -> peers.javaWorker(peers.config().build(), 1, "q"));
      awaitArmed(peers, 2 * workers);
      BrokerClient client = peers.client();
      oneAfterAnother(client, tasks); // they have learnt who is quicker, and the JVM what is hot
      long before = Commands.count(peers.redis(), "evalsha");

      long slowest = oneAfterAnother(client, tasks);

      double looks = (Commands.count(peers.redis(), "evalsha") - before) / (double) tasks;
      System.out.printf(
          "%d workers, one task after another: %.1f exchanges a task, slowest %.1f ms%n",
          workers, looks, slowest / 1e6);
      // without letting others go first, each task would be looked for by each worker
      assertThat(looks).isLessThan(workers);
    }
  }

  /** How many nanoseconds the slowest took. */
  private static long oneAfterAnother(BrokerClient client, int tasks) {
    long slowest = 0;
    for (int i = 0; i < tasks; i++) {
      long start = System.nanoTime();
      long sum =
          client.send(TaskSignature.of("java.add", i, 1).on("q")).get(Long.class, Interop.PATIENCE);
      slowest = Math.max(slowest, System.nanoTime() - start);
      assertThat(sum).isEqualTo(i + 1);
    }
    return slowest;
  }

  private static void start(Interop peers, Duration heartbeat, String... queues) {
    WorkerConfig.Builder config =
        WorkerConfig.builder()
            .broker(peers.config().build())
            .events(new WorkerEventsConfig(false, heartbeat));
    for (String queue : queues) {
      config.queue(queue, new QueueConfig(4, 4));
    }
    Worker worker =
        Worker.builder()
            .config(config.build())
            .tasks(new JavaTasks(peers::note))
            .metrics(new SimpleMeterRegistry())
            .build();
    worker.start();
    peers.closed(worker);
  }

  private static String[] names(int queues) {
    return IntStream.range(0, queues).mapToObj(i -> "q" + i).toArray(String[]::new);
  }

  private static void awaitArmed(Interop peers, int lines) {
    Interop.await(
        Duration.ofMinutes(1),
        "every line is armed and waits",
        () ->
            String.valueOf(peers.redis().command("INFO", "clients"))
                .contains("tracking_clients:" + lines));
  }
}
