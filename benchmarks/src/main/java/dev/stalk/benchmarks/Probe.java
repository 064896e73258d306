package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Sample;
import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.ResultTimeoutException;
import dev.stalk.broker.message.TaskSignature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how long tasks wait, from just before they are sent until they begin: they return their
 * own time of beginning, by the clock of the same machine.
 *
 * @param client sends them
 * @param patience how long the first that is missing is waited for; those after it a second each,
 *     and all together twice as long
 */
record Probe(BrokerClient client, Duration patience) {
  private static final Duration LATE = Duration.ofSeconds(1);

  /**
   * Waits of the probes.
   *
   * @param sample seconds of those that began
   * @param missing how many did not in time
   */
  record Waits(Sample sample, int missing) {}

  /**
   * Sends probes one by one, at random intervals so that they meet no beat of the worker, and
   * collects the answers afterwards.
   *
   * @param gap the mean pause between two
   */
  Waits measure(String queue, int count, Duration gap) {
    SplittableRandom random = new SplittableRandom(count);
    Map<AsyncResult, Double> sent = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      double now = seconds(Instant.now());
      sent.put(client.send(TaskSignature.of("bench.clock").on(queue)), now);
      LockSupport.parkNanos(random.nextLong(2 * TimeUnit.MILLISECONDS.toNanos(gap.toMillis())));
    }
    return collect(sent);
  }

  private Waits collect(Map<AsyncResult, Double> sent) {
    List<Double> waits = new ArrayList<>();
    int missing = 0;
    long deadline = System.nanoTime() + 2 * patience.toNanos();
    for (Map.Entry<AsyncResult, Double> each : sent.entrySet()) {
      try {
        Double began = each.getKey().get(Double.class, missing == 0 ? patience : LATE);
        if (began != null) {
          waits.add(Math.max(0, began - each.getValue()));
        }
      } catch (ResultTimeoutException e) {
        missing++;
        if (missing > 5) { // the rest stands behind them
          return new Waits(Sample.of(waits), sent.size() - waits.size());
        }
      }
      if (System.nanoTime() > deadline) {
        return new Waits(Sample.of(waits), sent.size() - waits.size());
      }
    }
    return new Waits(Sample.of(waits), missing);
  }

  static double seconds(Instant instant) {
    return instant.getEpochSecond() + instant.getNano() / 1e9;
  }
}
