package dev.stalk.benchmarks;

import dev.stalk.benchmarks.subject.Work;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages made beforehand, in a database no worker sees. Releasing them puts all of them before
 * the workers at one moment. For one thread.
 */
final class Stock implements AutoCloseable {
  private static final int DATABASE = 9;
  private static final int AT_ONCE = 5000;
  private static final String STAGE = "bench-stage:";

  private final Runner runner;
  private final BrokerClient client;

  Stock(Runner runner) {
    this.runner = runner;
    this.client = BrokerClient.connect(runner.redis().url(DATABASE));
  }

  /** Makes that many messages for a queue, in place of those made before. */
  void make(String queue, int count, Work work, int payloadBytes) {
    client.purge(queue);
    TaskSignature signature =
        work == Work.CLOCK
            ? TaskSignature.of("bench.clock")
            : TaskSignature.of("bench.nothing", "x".repeat(payloadBytes));
    TaskSignature task = (work == Work.NOTHING ? signature.ignoringResult() : signature).on(queue);
    for (int sent = 0; sent < count; sent += AT_ONCE) {
      List<TaskSignature> tasks = new ArrayList<>(AT_ONCE);
      for (int i = sent; i < Math.min(count, sent + AT_ONCE); i++) {
        tasks.add(task);
      }
      client.sendAll(tasks);
    }
  }

  /** The size of a queue's messages on the wire, in bytes. */
  int messageBytes(String queue) {
    return Math.toIntExact(
        (Long)
            java.util.Objects.requireNonNull(
                runner.redis().command(DATABASE, "STRLEN", sample(queue))));
  }

  private String sample(String queue) {
    runner
        .redis()
        .command(
            DATABASE,
            "EVAL",
            "return redis.call('SET', KEYS[2], redis.call('LINDEX', KEYS[1], 0))",
            "2",
            queue,
            "bench-sample");
    return "bench-sample";
  }

  /** Empties the workers' database, and lays the messages of these queues ready in it. */
  void stage(List<String> queues) {
    runner.line().call("FLUSHDB");
    stageOnTop(queues);
  }

  /** Lays the messages of these queues ready, and leaves what else is there. */
  void stageOnTop(List<String> queues) {
    for (String queue : queues) {
      runner.redis().command(DATABASE, "COPY", queue, STAGE + queue, "DB", "0");
    }
  }

  /** Puts what was laid ready before the workers. */
  void release(List<String> queues) {
    byte[][][] commands =
        queues.stream()
            .map(queue -> new byte[][] {bytes("RENAME"), bytes(STAGE + queue), bytes(queue)})
            .toArray(byte[][][]::new);
    for (byte[][] command : commands) {
      runner.line().write(command);
    }
    runner.line().readAll(commands.length);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    client.close();
  }
}
