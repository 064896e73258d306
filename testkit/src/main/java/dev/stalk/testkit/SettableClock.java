package dev.stalk.testkit;

import dev.stalk.worker.WorkerTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A clock that stands still until it is told to go on, and the time for a worker to go by. Give the
 * same one to the broker in memory, to the client and to the worker, and an hour passes in no time:
 * what is due, expires, lapses or may go on within it does so, in its order. Thread-safe.
 *
 * <pre>{@code
 * SettableClock clock = new SettableClock();
 * InMemoryBroker broker = new InMemoryBroker(clock);
 * BrokerClient client = BrokerClient.over(broker.connect(), config, clock);
 * Worker worker = Worker.builder().config(settings).transport(broker.connect()).time(clock)...
 * client.send(TaskSignature.of("report").withCountdown(Duration.ofHours(1)));
 * clock.advance(Duration.ofHours(1));
 * }</pre>
 */
public final class SettableClock extends Clock implements WorkerTime {
  /** How long a step waits for the threads of workers to come to rest. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(5);

  private static final long LOOK_MILLIS = 1;

  private final Instant start;
  private final Object advancing = new Object();

  /** Guarded by this, as all below. */
  private Instant now;

  /**
   * The threads that have waited by this clock, and until when they wait; {@link #BUSY} while they
   * do something.
   */
  private final Map<Thread, Long> waiting = new HashMap<>();

  private static final long BUSY = Long.MIN_VALUE;

  /** Begins at the system's time, so that what others stamp with theirs is not far off. */
  public SettableClock() {
    this(Instant.now().truncatedTo(ChronoUnit.MILLIS)); // messages carry microseconds at most
  }

  /** Begins at this time. */
  public SettableClock(Instant start) {
    this.start = Objects.requireNonNull(start, "start");
    this.now = start;
  }

  /**
   * Goes on by this much: from one moment at which a worker wants to do something to the next, and
   * each time waits until it has done it, so that nothing is late and no lease lapses for a leap.
   * What tasks do because of it goes on in their own threads: await it.
   *
   * <p>Costs a millisecond or so for each thing the workers do meanwhile: seconds for a day.
   *
   * @throws IllegalArgumentException if it is negative: time goes one way
   */
  public void advance(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("time cannot go back by " + duration.negated());
    }
    synchronized (advancing) {
      Instant target = instant().plus(duration);
      awaitRest();
      while (stepTo(target)) {
        awaitRest();
      }
    }
  }

  /** Goes on to the next moment somebody waits for, not beyond the target; false if it is there. */
  private synchronized boolean stepTo(Instant target) {
    if (!now.isBefore(target)) {
      return false;
    }
    long current = nanoTime();
    long next = current + Duration.between(now, target).toNanos();
    for (long deadline : waiting.values()) {
      if (deadline != BUSY && deadline > current && deadline < next) {
        next = deadline;
      }
    }
    now = now.plusNanos(next - current);
    for (Map.Entry<Thread, Long> waiter : waiting.entrySet()) {
      if (waiter.getValue() != BUSY && waiter.getValue() <= next) {
        LockSupport.unpark(waiter.getKey());
      }
    }
    return true;
  }

  /** Until everybody who waits by this clock waits for a later time. */
  private synchronized void awaitRest() {
    long patience = System.nanoTime() + PATIENCE;
    try {
      while (!isAtRest() && System.nanoTime() < patience) {
        wait(LOOK_MILLIS); // a thread that ends tells nobody
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isAtRest() {
    waiting.keySet().removeIf(thread -> !thread.isAlive());
    for (Map.Entry<Thread, Long> waiter : waiting.entrySet()) {
      if (waiter.getKey() != Thread.currentThread() && waiter.getValue() <= nanoTime()) {
        return false;
      }
    }
    return true;
  }

  @Override
  public synchronized Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  /** The same time in another zone; goes on with this clock. */
  @Override
  public Clock withZone(ZoneId zone) {
    return new InZone(zone);
  }

  // ---- the time of a worker

  @Override
  public Clock clock() {
    return this;
  }

  @Override
  public synchronized long nanoTime() {
    return Duration.between(start, now).toNanos();
  }

  @Override
  public void parkNanos(Object blocker, long nanos) {
    if (nanos <= 0) {
      return;
    }
    Thread thread = Thread.currentThread();
    synchronized (this) {
      long current = nanoTime();
      waiting.put(thread, nanos > Long.MAX_VALUE - current ? Long.MAX_VALUE : current + nanos);
      notifyAll();
    }
    try {
      LockSupport.park(blocker);
    } finally {
      synchronized (this) {
        waiting.put(thread, BUSY);
      }
    }
  }

  @Override
  public Scheduler scheduler(String threadName) {
    return new SettableScheduler(this, threadName);
  }

  private final class InZone extends Clock {
    private final ZoneId zone;

    InZone(ZoneId zone) {
      this.zone = Objects.requireNonNull(zone, "zone");
    }

    @Override
    public Instant instant() {
      return SettableClock.this.instant();
    }

    @Override
    public ZoneId getZone() {
      return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
      return new InZone(other);
    }
  }
}
