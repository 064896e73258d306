package dev.stalk.worker;

import dev.stalk.broker.EventDispatcher;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.micrometer.tagged.TaggedCircuitBreakerMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The worker's meters. Tags are bounded: {@code queue} by the configuration, {@code task} by the
 * registered names, {@code outcome} by {@link Outcome}. The circuit breakers have Resilience4j's
 * own meters besides.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><th>name</th><th>kind</th><th>tags</th><th>what</th></tr>
 * <tr><td>stalk.task.run</td><td>timer</td><td>queue, task, outcome</td><td>time in the task's own code; its count is the number of messages handled</td></tr>
 * <tr><td>stalk.queue.wait</td><td>timer</td><td>queue</td><td>from sending to start, of messages that tell when they were sent</td></tr>
 * <tr><td>stalk.queue.buffer.wait</td><td>timer</td><td>queue</td><td>from fetch to start</td></tr>
 * <tr><td>stalk.queue.fetched</td><td>counter</td><td>queue</td><td>messages taken</td></tr>
 * <tr><td>stalk.queue.fetch.size</td><td>distribution_summary</td><td>queue</td><td>messages per fetch that found any</td></tr>
 * <tr><td>stalk.queue.settled</td><td>counter</td><td>queue</td><td>messages acknowledged</td></tr>
 * <tr><td>stalk.queue.lapsed</td><td>counter</td><td>queue</td><td>outcomes dropped because the message was no longer ours</td></tr>
 * <tr><td>stalk.queue.quarantined</td><td>counter</td><td>queue</td><td>messages put aside for an operator</td></tr>
 * <tr><td>stalk.queue.parked</td><td>counter</td><td>queue</td><td>messages put back until later: not yet due, or their task's breaker is open</td></tr>
 * <tr><td>stalk.queue.given.back</td><td>counter</td><td>queue</td><td>messages read ahead and given back unrun because those before them took long, or because they waited here while no lease could be renewed for as long as it lasts</td></tr>
 * <tr><td>stalk.queue.rejected</td><td>counter</td><td>queue</td><td>messages given back unrun because the queue's breaker opened after they were fetched</td></tr>
 * <tr><td>stalk.queue.redelivered</td><td>counter</td><td>queue</td><td>messages begun that have been with a worker before</td></tr>
 * <tr><td>stalk.queue.exchanges</td><td>counter</td><td>queue</td><td>round trips to the broker</td></tr>
 * <tr><td>stalk.queue.renewals</td><td>counter</td><td>queue</td><td>leases renewed, one for each message held</td></tr>
 * <tr><td>stalk.breaker.transitions</td><td>counter</td><td>queue, task, to</td><td>changes of state of a circuit breaker; no task for the queue's own</td></tr>
 * <tr><td>stalk.queue.length</td><td>gauge</td><td>queue</td><td>messages waiting in the broker, as of the last look; NaN before the first</td></tr>
 * <tr><td>stalk.queue.running</td><td>gauge</td><td>queue</td><td>tasks in their own code now</td></tr>
 * <tr><td>stalk.queue.held</td><td>gauge</td><td>queue</td><td>messages running, buffered or to be settled</td></tr>
 * <tr><td>stalk.queue.held.bytes</td><td>gauge</td><td>queue</td><td>the size of these</td></tr>
 * <tr><td>stalk.queue.buffered</td><td>gauge</td><td>queue</td><td>messages that have not begun</td></tr>
 * <tr><td>stalk.queue.stuck</td><td>gauge</td><td>queue</td><td>threads whose task was stopped by force and has not ended</td></tr>
 * <tr><td>stalk.queue.threads</td><td>gauge</td><td>queue</td><td>how many tasks may run at once</td></tr>
 * <tr><td>stalk.queue.places.free</td><td>gauge</td><td>queue</td><td>places in the bulkhead and its buffer that are free</td></tr>
 * <tr><td>stalk.events.published</td><td>counter</td><td>worker</td><td>events published for monitors, if there are any to publish</td></tr>
 * <tr><td>stalk.events.dropped</td><td>counter</td><td>worker</td><td>events dropped because the broker was slow or away, or refused them</td></tr>
 * <tr><td>stalk.events.waiting</td><td>gauge</td><td>worker</td><td>events that wait to be published</td></tr>
 * <tr><td>stalk.clock.skew</td><td>gauge</td><td>worker</td><td>seconds by which this machine's clock is ahead of the broker's</td></tr>
 * </table>
 */
final class WorkerMetrics {
  /** The {@code task} tag of messages that name no registered task. */
  static final String UNKNOWN_TASK = "unknown";

  private final MeterRegistry registry;
  private final CircuitBreakerRegistry breakers = CircuitBreakerRegistry.ofDefaults();
  private volatile @Nullable Gauge clockSkew;
  private final List<Meter> ofEvents = new CopyOnWriteArrayList<>();

  WorkerMetrics(MeterRegistry registry) {
    this.registry = registry;
    TaggedCircuitBreakerMetrics.ofCircuitBreakerRegistry(breakers).bindTo(registry);
  }

  /** Shows a circuit breaker in Resilience4j's meters, in the place of one of the same name. */
  void watch(CircuitBreaker breaker) {
    var unused = breakers.remove(breaker.getName());
    breakers.circuitBreaker(breaker.getName(), () -> breaker.getCircuitBreakerConfig());
    breakers.replace(breaker.getName(), breaker);
  }

  /** Shows it no more, unless another has taken its name. */
  void unwatch(CircuitBreaker breaker) {
    if (breakers.find(breaker.getName()).filter(found -> found == breaker).isPresent()) {
      var unused = breakers.remove(breaker.getName());
    }
  }

  /**
   * Shows by how much a worker's clock is ahead, until it is closed.
   *
   * @param worker its node name, as workers may share a registry
   */
  void clockSkew(String worker, Supplier<Duration> skew) {
    clockSkew =
        Gauge.builder("stalk.clock.skew", () -> skew.get().toNanos() / 1e9)
            .tag("worker", worker)
            .baseUnit("seconds")
            .strongReference(true)
            .register(registry);
  }

  /** Takes out what shows the worker itself. Its queues take out theirs. */
  void close() {
    Gauge gauge = clockSkew;
    if (gauge != null) {
      var unused = registry.remove(gauge);
    }
    ofEvents.forEach(registry::remove);
  }

  /**
   * Shows what becomes of a worker's events, until it is closed.
   *
   * @param worker its node name
   */
  void events(String worker, EventDispatcher dispatcher) {
    Tags tags = Tags.of("worker", worker);
    ofEvents.add(
        FunctionCounter.builder("stalk.events.published", dispatcher, EventDispatcher::published)
            .tags(tags)
            .register(registry));
    ofEvents.add(
        FunctionCounter.builder("stalk.events.dropped", dispatcher, EventDispatcher::dropped)
            .tags(tags)
            .register(registry));
    ofEvents.add(
        Gauge.builder("stalk.events.waiting", dispatcher, EventDispatcher::waiting)
            .tags(tags)
            .register(registry));
  }

  OfQueue queue(String queue) {
    return new OfQueue(queue);
  }

  /** What a queue shows at any time. */
  interface Gauged {
    /** The number of tasks in their own code. */
    int running();

    /** The number of messages held. */
    int held();

    /** The bytes of these. */
    long heldBytes();

    /** How many may run at once. */
    int threads();

    /** How many threads were given up and have not come back. */
    int stuck();

    /** How many more may be held. */
    int freePlaces();

    /** The number of messages waiting in the broker; NaN if not known. */
    double length();
  }

  /** One queue's meters, each looked up once. Thread-safe. */
  final class OfQueue {
    private record Run(String task, String outcome) {}

    private final Tags tags;
    private final Timer queueWait;
    private final Timer wait;
    private final Counter fetched;
    private final DistributionSummary fetchSize;
    private final Counter settled;
    private final Counter lapsed;
    private final Counter quarantined;
    private final Counter parked;
    private final Counter rejected;
    private final Counter givenBack;
    private final Counter redelivered;
    private final Counter exchanges;
    private final Counter renewals;
    private final List<Gauge> gauges = new ArrayList<>();
    private final Map<Run, Timer> runs = new ConcurrentHashMap<>();

    private OfQueue(String queue) {
      tags = Tags.of("queue", queue);
      queueWait = Timer.builder("stalk.queue.wait").tags(tags).register(registry);
      wait = Timer.builder("stalk.queue.buffer.wait").tags(tags).register(registry);
      fetched = counter("stalk.queue.fetched");
      fetchSize =
          DistributionSummary.builder("stalk.queue.fetch.size").tags(tags).register(registry);
      settled = counter("stalk.queue.settled");
      lapsed = counter("stalk.queue.lapsed");
      quarantined = counter("stalk.queue.quarantined");
      parked = counter("stalk.queue.parked");
      rejected = counter("stalk.queue.rejected");
      givenBack = counter("stalk.queue.given.back");
      redelivered = counter("stalk.queue.redelivered");
      exchanges = counter("stalk.queue.exchanges");
      renewals = counter("stalk.queue.renewals");
    }

    private Counter counter(String name) {
      return Counter.builder(name).tags(tags).register(registry);
    }

    void gauges(Gauged queue) {
      gauge("stalk.queue.length", queue::length);
      gauge("stalk.queue.running", queue::running);
      gauge("stalk.queue.held", queue::held);
      gauge("stalk.queue.held.bytes", queue::heldBytes);
      gauge("stalk.queue.buffered", () -> Math.max(0, queue.held() - queue.running()));
      gauge("stalk.queue.threads", queue::threads);
      gauge("stalk.queue.stuck", queue::stuck);
      gauge("stalk.queue.places.free", queue::freePlaces);
    }

    private void gauge(String name, DoubleSupplier value) {
      gauges.add(Gauge.builder(name, value::getAsDouble).tags(tags).register(registry));
    }

    /**
     * Takes the gauges out: they would show a worker that is no more, and stand in the next's way.
     */
    void close() {
      gauges.forEach(registry::remove);
      gauges.clear();
    }

    void began(long waitedNanos) {
      wait.record(waitedNanos, TimeUnit.NANOSECONDS);
    }

    /** The message says that it was sent so long ago. */
    void waitedInAll(Duration time) {
      queueWait.record(time);
    }

    void redelivered() {
      redelivered.increment();
    }

    void ended(String task, String outcome, long ranNanos) {
      Run run = new Run(task, outcome);
      Timer timer = runs.get(run); // without the lock that the other way takes even then
      if (timer == null) {
        timer = runs.computeIfAbsent(run, this::timer);
      }
      timer.record(ranNanos, TimeUnit.NANOSECONDS);
    }

    private Timer timer(Run run) {
      return Timer.builder("stalk.task.run")
          .tags(tags.and("task", run.task(), "outcome", run.outcome()))
          .register(registry);
    }

    void quarantined(int messages) {
      quarantined.increment(messages);
    }

    void parked() {
      parked.increment();
    }

    void givenBack(int messages) {
      givenBack.increment(messages);
    }

    void rejected() {
      rejected.increment();
    }

    void renewed(int leases) {
      renewals.increment(leases);
    }

    /**
     * A circuit breaker changed its state.
     *
     * @param task empty for the queue's own
     */
    void transition(String task, String to) {
      Counter.builder("stalk.breaker.transitions")
          .tags(tags.and("task", task, "to", to))
          .register(registry)
          .increment();
    }

    void exchanged(int messages, int refused) {
      exchanges.increment();
      fetched.increment(messages);
      quarantined.increment(refused);
      if (messages > 0) {
        fetchSize.record(messages);
      }
    }

    void settled() {
      settled.increment();
    }

    void lapsed() {
      lapsed.increment();
    }
  }
}
