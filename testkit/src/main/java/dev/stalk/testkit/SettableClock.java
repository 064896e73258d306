package dev.stalk.testkit;

import dev.stalk.worker.WorkerTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

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

  /** Those that were woken and have not come round to it. */
  private final Set<Thread> unparked = new HashSet<>();

  private final List<SettableScheduler> schedulers = new ArrayList<>();

  static final long BUSY = Long.MIN_VALUE;

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
   * @throws IllegalStateException if a thread of a worker is busy for 30 s without a pause, with
   *     what it does; or if the calling thread is interrupted, whose flag is set again. The clock
   *     stays where it is then
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
      next = earlier(next, deadline, current);
    }
    for (SettableScheduler scheduler : schedulers) {
      next = earlier(next, scheduler.next(), current);
    }
    now = now.plusNanos(next - current);
    for (Map.Entry<Thread, Long> waiter : waiting.entrySet()) {
      if (waiter.getValue() != BUSY && waiter.getValue() <= next) {
        LockSupport.unpark(waiter.getKey());
      }
    }
    notifyAll(); // the schedulers
    return true;
  }

  private static long earlier(long next, long deadline, long current) {
    return deadline > current && deadline < next ? deadline : next;
  }

  /** Until everybody who waits by this clock waits for a later time. */
  private synchronized void awaitRest() {
    long patience = System.nanoTime() + PATIENCE;
    for (Thread busy = busy(); busy != null; busy = busy()) {
      if (System.nanoTime() > patience) {
        throw new IllegalStateException(
            "the clock cannot go on from %s: thread %s has been busy for %d s:%n%s"
                .formatted(
                    now,
                    busy.getName(),
                    TimeUnit.NANOSECONDS.toSeconds(PATIENCE),
                    Arrays.stream(busy.getStackTrace())
                        .map(frame -> "\tat " + frame)
                        .collect(Collectors.joining(System.lineSeparator()))));
      }
      try {
        wait(LOOK_MILLIS); // a thread that ends tells nobody
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the clock waits for " + busy, e);
      }
    }
  }

  /** One that does something, or is about to; null if there is none but the calling one. */
  private @Nullable Thread busy() {
    waiting.keySet().removeIf(thread -> !thread.isAlive());
    unparked.removeIf(thread -> !thread.isAlive());
    long current = nanoTime();
    for (Map.Entry<Thread, Long> waiter : waiting.entrySet()) {
      if (waiter.getKey() != Thread.currentThread() && waiter.getValue() <= current) {
        return waiter.getKey();
      }
    }
    for (SettableScheduler scheduler : schedulers) {
      if (scheduler.thread() != Thread.currentThread() && scheduler.next() <= current) {
        return scheduler.thread();
      }
    }
    return null;
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
      boolean woken = unparked.remove(thread);
      boolean endless = nanos > Long.MAX_VALUE - current;
      waiting.put(thread, woken ? BUSY : endless ? Long.MAX_VALUE : current + nanos);
      notifyAll();
      if (woken) {
        return;
      }
    }
    try {
      LockSupport.park(blocker);
    } finally {
      busyAgain(thread);
    }
  }

  private synchronized void busyAgain(Thread thread) {
    unparked.remove(thread);
    waiting.put(thread, BUSY);
  }

  /** From now on it counts as busy: time does not pass it by while it wakes up. */
  @Override
  public synchronized void unpark(@Nullable Thread thread) {
    if (thread != null) {
      unparked.add(thread);
      waiting.computeIfPresent(thread, (waiter, until) -> BUSY);
      LockSupport.unpark(thread);
    }
  }

  /** Does not hold up the clock. */
  @Override
  public void pauseNanos(Object blocker, long nanos) {
    Thread thread = Thread.currentThread();
    synchronized (this) {
      waiting.put(thread, Long.MAX_VALUE);
      notifyAll();
    }
    try {
      LockSupport.parkNanos(blocker, nanos);
    } finally {
      busyAgain(thread);
    }
  }

  @Override
  public synchronized Scheduler scheduler(String threadName) {
    SettableScheduler scheduler = new SettableScheduler(this, threadName);
    schedulers.add(scheduler);
    return scheduler;
  }

  /** One that was closed. To be called with the lock. */
  void forget(SettableScheduler scheduler) {
    schedulers.remove(scheduler);
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
