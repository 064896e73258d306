package dev.stalk.worker;

import dev.stalk.broker.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker does besides running tasks: it renews the leases on all it holds, returns parked
 * messages that are due, returns the messages of workers that died, Java's and Python's, keeps the
 * broker's time, and looks how many wait. Renewing and the parked messages have threads of their
 * own, so that a long sweep never makes a lease lapse or a task late.
 */
final class Chores implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Chores.class);
  private static final Duration CLOCK_PERIOD = Duration.ofSeconds(10);
  private static final Duration LENGTH_PERIOD = Duration.ofSeconds(15);
  private static final Duration VISIBLE_PERIOD = Duration.ofSeconds(30);

  private final Transport transport;
  private final Collection<QueueConsumer> consumers;
  private final Lease lease;
  private final Duration visiblePeriod;
  private final BrokerClock brokerClock;
  private final WorkerTime time;
  private final ParkedTimer parked;
  private final WorkerTime.Scheduler renewing;
  private final WorkerTime.Scheduler sweeping;

  /**
   * @param lease is renewed
   * @param visibilityTimeout after how long a message of a worker of any language is returned
   * @param brokerClock is kept on time
   * @param time when it is time for each of them
   */
  Chores(
      Transport transport,
      Collection<QueueConsumer> consumers,
      Lease lease,
      Duration visibilityTimeout,
      BrokerClock brokerClock,
      WorkerTime time) {
    this.transport = transport;
    this.consumers = consumers;
    this.lease = lease;
    Duration quarter = visibilityTimeout.dividedBy(4);
    this.visiblePeriod = quarter.compareTo(VISIBLE_PERIOD) < 0 ? quarter : VISIBLE_PERIOD;
    this.brokerClock = brokerClock;
    this.time = time;
    this.renewing = time.scheduler("stalk-leases");
    this.sweeping = time.scheduler("stalk-sweeper");
    this.parked = new ParkedTimer(transport, time);
  }

  void start() {
    every(lease.duration().dividedBy(3), renewing, "lease renewal", this::renew);
    every(LENGTH_PERIOD, sweeping, "queue lengths", this::lookAtLengths);
    every(lease.duration().dividedBy(6), sweeping, "abandoned messages", this::restoreAbandoned);
    every(visiblePeriod, sweeping, "unacknowledged messages", this::restoreVisible);
    every(CLOCK_PERIOD, 0, renewing, "the broker's time", brokerClock::synchronize);
    parked.start();
  }

  /** The first time is left to chance, so that workers started together do not come together. */
  private void every(Duration period, WorkerTime.Scheduler thread, String what, Runnable chore) {
    every(period, ThreadLocalRandom.current().nextLong(period.toNanos()), thread, what, chore);
  }

  private void every(
      Duration period, long firstNanos, WorkerTime.Scheduler thread, String what, Runnable chore) {
    Outage outage = new Outage(what, time.clock());
    thread.every(Duration.ofNanos(firstNanos), period, () -> run(chore, outage));
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
    Lease.Moment asked = lease.now();
    List<String> tags = new ArrayList<>();
    IdentityHashMap<QueueConsumer, Integer> counts = new IdentityHashMap<>();
    for (QueueConsumer consumer : consumers) {
      int before = tags.size();
      tags.addAll(consumer.heldTags());
      counts.put(consumer, tags.size() - before);
    }
    for (String gone : transport.renew(tags)) {
      consumers.forEach(consumer -> consumer.lost(gone));
    }
    lease.renewed(asked);
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
      log.warn(
          "returned {} messages of workers that gave no sign of life for {}",
          restored,
          lease.duration());
    }
  }

  private void restoreVisible() {
    int restored = transport.restoreVisible();
    if (restored > 0) {
      log.warn("took {} messages off workers that did not acknowledge them in time", restored);
    }
  }

  @Override
  public void close() {
    parked.close();
    renewing.close();
    sweeping.close();
  }
}
