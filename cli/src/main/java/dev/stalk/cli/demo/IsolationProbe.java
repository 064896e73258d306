package dev.stalk.cli.demo;

import dev.stalk.broker.AsyncResult;
import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Measures how long tasks of one queue wait, before and while another queue of the same worker is
 * full of slow ones.
 */
final class IsolationProbe {
  private static final int PROBES = 80;
  private static final int SLOW_TASKS = 24;
  private static final Duration GAP = Duration.ofMillis(20);
  private static final Duration PATIENCE = Duration.ofSeconds(25);

  private final BrokerClient client;
  private final Clock clock;
  private final String fast;
  private final String slow;

  IsolationProbe(BrokerClient client, Clock clock, String fast, String slow) {
    this.client = client;
    this.clock = clock;
    this.fast = fast;
    this.slow = slow;
  }

  /** The waits of the fast queue's tasks, as things are. */
  Waits measure() {
    Map<AsyncResult, Double> sent = new LinkedHashMap<>();
    for (int i = 0; i < PROBES; i++) {
      double now = seconds(clock.instant());
      sent.put(client.send(TaskSignature.of("samples.now").on(fast)), now);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(GAP.toMillis()));
    }
    List<Double> waits = new ArrayList<>();
    sent.forEach(
        (result, at) -> {
          Double began = result.get(Double.class, PATIENCE);
          waits.add(Math.max(0, (began == null ? at : began) - at));
        });
    return Waits.of(waits);
  }

  /** Fills the slow queue with tasks of one second each. */
  void disturb() {
    client.sendAll(
        Collections.nCopies(
            SLOW_TASKS, TaskSignature.of("samples.sleep", 1).on(slow).ignoringResult()));
  }

  private static double seconds(Instant instant) {
    return instant.getEpochSecond() + instant.getNano() / 1e9;
  }
}
