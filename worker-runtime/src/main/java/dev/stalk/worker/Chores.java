package dev.stalk.worker;

import dev.stalk.broker.transport.Transport;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker does besides running tasks: it renews the leases on all it holds, returns parked
 * messages that are due, returns the messages of workers that died, and looks how many wait.
 * Renewing has a thread of its own, so that a long sweep never makes a lease lapse.
 */
final class Chores implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Chores.class);
  private static final Duration DUE_PERIOD = Duration.ofMillis(500);
  private static final Duration LENGTH_PERIOD = Duration.ofSeconds(5);

  private final Transport transport;
  private final Collection<QueueConsumer> consumers;
  private final Duration lease;
  private final Clock clock;
  private final ScheduledExecutorService renewing = thread("stalk-leases");
  private final ScheduledExecutorService sweeping = thread("stalk-sweeper");

  Chores(Transport transport, Collection<QueueConsumer> consumers, Duration lease, Clock clock) {
    this.transport = transport;
    this.consumers = consumers;
    this.lease = lease;
    this.clock = clock;
  }

  private static ScheduledExecutorService thread(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  void start() {
    every(lease.dividedBy(3), renewing, "lease renewal", this::renew);
    every(DUE_PERIOD, sweeping, "parked messages", transport::restoreDue);
    every(LENGTH_PERIOD, sweeping, "queue lengths", this::lookAtLengths);
    every(lease.dividedBy(6), sweeping, "abandoned messages", this::restoreAbandoned);
  }

  private void every(
      Duration period, ScheduledExecutorService thread, String what, Runnable chore) {
    Outage outage = new Outage(what, clock);
    long nanos = period.toNanos();
    var unused =
        thread.scheduleWithFixedDelay(
            () -> run(chore, outage),
            ThreadLocalRandom.current().nextLong(nanos),
            nanos,
            TimeUnit.NANOSECONDS);
  }

  private static void run(Runnable chore, Outage outage) {
    try {
      chore.run();
      outage.passed();
    } catch (RuntimeException | Error e) { // a chore that ends for good would cost every lease
      outage.failed(e);
    }
  }

  private void renew() {
    List<String> tags = new ArrayList<>();
    IdentityHashMap<QueueConsumer, Integer> counts = new IdentityHashMap<>();
    for (QueueConsumer consumer : consumers) {
      int before = tags.size();
      tags.addAll(consumer.heldTags());
      counts.put(consumer, tags.size() - before);
    }
    if (tags.isEmpty()) {
      return;
    }
    for (String gone : transport.renew(tags)) {
      consumers.forEach(consumer -> consumer.lost(gone));
    }
    counts.forEach(QueueConsumer::renewed);
  }

  private void lookAtLengths() {
    for (QueueConsumer consumer : consumers) {
      double waiting = 0;
      for (String queue : consumer.queues()) {
        waiting += transport.lengths(queue).values().stream().mapToLong(Long::longValue).sum();
      }
      consumer.look(waiting);
    }
  }

  private void restoreAbandoned() {
    int restored = transport.restoreAbandoned();
    if (restored > 0) {
      log.warn("returned {} messages of workers that gave no sign of life for {}", restored, lease);
    }
  }

  @Override
  public void close() {
    renewing.shutdownNow();
    sweeping.shutdownNow();
  }
}
