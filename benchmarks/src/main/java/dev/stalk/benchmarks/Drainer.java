package dev.stalk.benchmarks;

import dev.stalk.benchmarks.subject.ProcessUsage;
import dev.stalk.benchmarks.subject.RedisLine;
import dev.stalk.benchmarks.subject.Running;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts a stock of messages before a worker and watches until every one is acknowledged: no list of
 * the queues is left, and nothing is held.
 */
final class Drainer {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** What this class itself asks, or what is not about the tasks. */
  private static final Set<String> OURS =
      Set.of("exists", "rename", "info", "config|resetstat", "config", "copy", "select");

  private final Runner runner;
  private final Stock stock;

  Drainer(Runner runner, Stock stock) {
    this.runner = runner;
    this.stock = stock;
  }

  /**
   * Lets a worker drain its queues once.
   *
   * @param tasks how many messages the stock has for all of them
   * @throws IllegalStateException if it takes longer than ten minutes
   */
  Drained drain(Running worker, List<String> queues, int tasks) throws InterruptedException {
    RedisLine line = runner.line();
    stock.stage(queues);
    Map<String, Double> before = worker.stats();
    ProcessUsage workerBefore = worker.usage();
    ProcessUsage redisBefore = ProcessUsage.of(runner.redis().pid());
    line.call("CONFIG", "RESETSTAT");
    long start = System.nanoTime();
    stock.release(queues);
    awaitEmpty(line, queues);
    double seconds = (System.nanoTime() - start) / 1e9;
    ProcessUsage redisAfter = ProcessUsage.of(runner.redis().pid());
    ProcessUsage workerAfter = worker.usage();
    Map<String, Double> after = worker.stats();
    Map<String, String> net = line.info("stats");
    Commands commands = Commands.of(line.info("commandstats"));
    return new Drained(
        tasks,
        seconds,
        commands.all(),
        commands.scripts(),
        redisAfter.processorSeconds() - redisBefore.processorSeconds(),
        workerAfter.processorSeconds() - workerBefore.processorSeconds(),
        difference("allocated", before, after),
        Double.parseDouble(net.getOrDefault("total_net_input_bytes", "NaN")),
        Double.parseDouble(net.getOrDefault("total_net_output_bytes", "NaN")));
  }

  /**
   * Lets a worker drain its queues once more, and leaves whatever else there is in Redis.
   *
   * @return the seconds it took
   */
  double drainOnTop(List<String> queues) throws InterruptedException {
    stock.stageOnTop(queues);
    long start = System.nanoTime();
    stock.release(queues);
    awaitEmpty(runner.line(), queues);
    return (System.nanoTime() - start) / 1e9;
  }

  private static double difference(
      String name, Map<String, Double> before, Map<String, Double> after) {
    return after.getOrDefault(name, Double.NaN) - before.getOrDefault(name, Double.NaN);
  }

  private static void awaitEmpty(RedisLine line, List<String> queues) throws InterruptedException {
    List<String> exists = new ArrayList<>(List.of("EXISTS", "unacked"));
    exists.addAll(queues);
    String[] command = exists.toArray(String[]::new);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (line.number(command) > 0) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "not drained within %s: %d of the keys %s are left"
                .formatted(PATIENCE, line.number(command), exists.subList(1, exists.size())));
      }
      Thread.sleep(2);
    }
  }

  /**
   * Calls since the statistics were reset.
   *
   * @param all of every command that is not this class's own
   * @param scripts of scripts
   */
  record Commands(double all, double scripts) {
    static Commands of(Map<String, String> commandstats) {
      double all = 0;
      double scripts = 0;
      for (Map.Entry<String, String> entry : commandstats.entrySet()) {
        String command = entry.getKey().replace("cmdstat_", "");
        double calls = Double.parseDouble(entry.getValue().replaceAll("calls=(\\d+),.*", "$1"));
        all += OURS.contains(command) ? 0 : calls;
        scripts += command.startsWith("eval") ? calls : 0;
      }
      return new Commands(all, scripts);
    }
  }
}
