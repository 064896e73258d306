package dev.stalk.worker;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/**
 * The worker's meters. Tags are bounded: {@code queue} by the configuration, {@code task} by the
 * registered names, {@code outcome} by {@link Outcome}.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>kind</th><th>tags</th><th>what</th></tr>
 * <tr><td>stalk.task.run</td><td>timer</td><td>queue, task, outcome</td><td>time in the task's own code; its count is the number of messages handled</td></tr>
 * <tr><td>stalk.queue.buffer.wait</td><td>timer</td><td>queue</td><td>from fetch to start</td></tr>
 * <tr><td>stalk.queue.fetched</td><td>counter</td><td>queue</td><td>messages taken</td></tr>
 * <tr><td>stalk.queue.settled</td><td>counter</td><td>queue</td><td>messages acknowledged</td></tr>
 * <tr><td>stalk.queue.lapsed</td><td>counter</td><td>queue</td><td>outcomes dropped because the message was no longer ours</td></tr>
 * <tr><td>stalk.queue.quarantined</td><td>counter</td><td>queue</td><td>messages put aside unread</td></tr>
 * <tr><td>stalk.queue.exchanges</td><td>counter</td><td>queue</td><td>round trips to the broker</td></tr>
 * <tr><td>stalk.queue.running</td><td>gauge</td><td>queue</td><td>tasks in their own code now</td></tr>
 * <tr><td>stalk.queue.held</td><td>gauge</td><td>queue</td><td>messages running, buffered or to be settled</td></tr>
 * <tr><td>stalk.queue.threads</td><td>gauge</td><td>queue</td><td>threads of the bulkhead</td></tr>
 * <tr><td>stalk.clock.skew</td><td>gauge</td><td></td><td>seconds by which this machine's clock is ahead of the broker's</td></tr>
 * </table>
 */
final class WorkerMetrics {
  /** The {@code task} tag of messages that name no registered task. */
  static final String UNKNOWN_TASK = "unknown";

  private final MeterRegistry registry;

  WorkerMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Shows by how much the worker's clock is ahead. */
  void clockSkew(Supplier<Duration> skew) {
    Gauge.builder("stalk.clock.skew", () -> skew.get().toNanos() / 1e9)
        .baseUnit("seconds")
        .strongReference(true)
        .register(registry);
  }

  OfQueue queue(String queue) {
    return new OfQueue(queue);
  }

  /** One queue's meters, each looked up once. Thread-safe. */
  final class OfQueue {
    private record Run(String task, String outcome) {}

    private final Tags tags;
    private final Timer wait;
    private final Counter fetched;
    private final Counter settled;
    private final Counter lapsed;
    private final Counter quarantined;
    private final Counter exchanges;
    private final List<Gauge> gauges = new ArrayList<>();
    private final Map<Run, Timer> runs = new ConcurrentHashMap<>();

    private OfQueue(String queue) {
      tags = Tags.of("queue", queue);
      wait = Timer.builder("stalk.queue.buffer.wait").tags(tags).register(registry);
      fetched = counter("stalk.queue.fetched");
      settled = counter("stalk.queue.settled");
      lapsed = counter("stalk.queue.lapsed");
      quarantined = counter("stalk.queue.quarantined");
      exchanges = counter("stalk.queue.exchanges");
    }

    private Counter counter(String name) {
      return Counter.builder(name).tags(tags).register(registry);
    }

    void gauges(IntSupplier running, IntSupplier held, int threads) {
      gauge("stalk.queue.running", running);
      gauge("stalk.queue.held", held);
      gauge("stalk.queue.threads", () -> threads);
    }

    private void gauge(String name, IntSupplier value) {
      gauges.add(Gauge.builder(name, value::getAsInt).tags(tags).register(registry));
    }

    /**
     * Takes the gauges out: they would show a worker that is no more, and stand in the next's way.
     */
    void close() {
      gauges.forEach(registry::remove);
    }

    void began(long waitedNanos) {
      wait.record(waitedNanos, TimeUnit.NANOSECONDS);
    }

    void ended(String task, String outcome, long ranNanos) {
      runs.computeIfAbsent(
              new Run(task, outcome),
              run ->
                  Timer.builder("stalk.task.run")
                      .tags(tags.and("task", run.task(), "outcome", run.outcome()))
                      .register(registry))
          .record(ranNanos, TimeUnit.NANOSECONDS);
    }

    void exchanged(int messages, int refused) {
      exchanges.increment();
      fetched.increment(messages);
      quarantined.increment(refused);
    }

    void settled() {
      settled.increment();
    }

    void lapsed() {
      lapsed.increment();
    }
  }
}
