package dev.stalk.worker;

import dev.stalk.worker.config.AutoscaleConfig;
import dev.stalk.worker.config.QueueConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A queue's compartment, and the places that may be taken in it: one for each thread, those of the
 * buffer, and while tasks are short those of the {@link ReadAhead}. A place is reserved before a
 * message is fetched, so the compartment itself never has to refuse one. {@link #reserve}, {@link
 * #adapt}, {@link #mayWait} and {@link #nanosToWait} are called by the queue's consumer only,
 * everything else by any thread.
 */
final class QueueBulkhead {
  private final String name;
  private final AtomicInteger taken = new AtomicInteger();
  private final AtomicInteger inFlight = new AtomicInteger();

  // written under this, read by any thread
  private volatile QueueConfig config;
  private volatile Compartment compartment;
  private volatile @Nullable Autoscaler autoscaler;
  private volatile ReadAhead readAhead;
  private final List<Compartment> retired = new ArrayList<>(); // guarded by this

  QueueBulkhead(String name, QueueConfig config) {
    this.name = name;
    this.config = config;
    this.compartment = Compartment.of(name, config);
    this.readAhead = readAhead(config);
    startAutoscaling(config);
  }

  private int places() {
    QueueConfig current = config;
    return current.threads() + current.buffer();
  }

  private static ReadAhead readAhead(QueueConfig config) {
    return new ReadAhead(Math.max(0, config.readAhead() - config.buffer()), config.threads());
  }

  private void startAutoscaling(QueueConfig changed) {
    AutoscaleConfig autoscale = changed.autoscale();
    if (autoscale == null) {
      autoscaler = null;
    } else {
      compartment.scale(autoscale.minThreads());
      autoscaler = new Autoscaler(autoscale, autoscale.minThreads());
    }
  }

  /** Takes up to {@code most} free places; 0 if none is free. */
  int reserve(int most) {
    int reserved = Math.max(0, Math.min(room(), most));
    taken.addAndGet(reserved);
    return reserved;
  }

  /** Whether so many places are free. */
  boolean hasRoomFor(int count) {
    return room() >= count;
  }

  private int room() {
    return places() + readAhead.places() - taken.get();
  }

  /** Gives back places that were reserved and not used. */
  void release(int count) {
    taken.addAndGet(-count);
  }

  /**
   * Whether one more may begin. Tasks that go on without their thread leave it to the next; they
   * too are never more than threads and buffer have places for, however far is read ahead. Who may
   * begin, or not, is to {@link #leave}.
   */
  boolean mayBegin() {
    return inFlight.incrementAndGet() <= places();
  }

  /**
   * An execution gives back its place.
   *
   * @param begun whether it had begun: what was taken back unbegun says nothing of the pace
   */
  void leave(boolean begun) {
    inFlight.decrementAndGet();
    taken.decrementAndGet();
    if (begun) {
      readAhead.left();
    }
  }

  /**
   * A task has gone on without its thread. Its place says nothing of threads, so from now on
   * nothing is read ahead here.
   */
  void readNoFurtherAhead() {
    if (readAhead.isWanted()) {
      readAhead = new ReadAhead(0, 0);
    }
  }

  /**
   * How many messages may go on waiting for a thread; those beyond have waited too long, would go
   * on to, and are to go back to the queue. {@link Integer#MAX_VALUE} while there is no such doubt.
   */
  int mayWait(long now) {
    int willBegin = readAhead.willBegin(free() < 0, now);
    return (int) Math.min(Integer.MAX_VALUE, (long) willBegin + config.buffer());
  }

  /** After what time to look at that again. */
  long nanosToWait(long now) {
    return readAhead.nanosToWait(now);
  }

  /** Runs something in a reserved place. */
  void run(Runnable execution) {
    compartment.run(execution);
  }

  /**
   * Lets another thread take the place of one whose task does not end. Should it end after all,
   * never do more tasks run than the queue has threads.
   */
  void giveUp(Thread thread) {
    compartment.giveUp(thread);
  }

  /** How many threads were given up and have not come back. */
  int stuck() {
    return compartment.stuck();
  }

  /** Lets places, and where that is wanted threads, follow the work. */
  void adapt(long now) {
    readAhead.adapt(now);
    Autoscaler scaler = autoscaler;
    if (scaler != null) {
      int wanted = scaler.threads(taken.get(), now);
      if (wanted != compartment.threads()) {
        compartment.scale(wanted);
      }
    }
  }

  /**
   * Takes over a new configuration. What runs or waits goes on; where there are fewer places now,
   * nothing is reserved until enough have been given back. Another kind of compartment takes what
   * comes from now on.
   */
  synchronized void change(QueueConfig changed) {
    if (changed.type() == config.type()) {
      compartment.change(changed);
    } else {
      retired.add(compartment);
      compartment = Compartment.of(name, changed);
    }
    config = changed;
    readAhead = readAhead(changed);
    startAutoscaling(changed);
  }

  /** Whether every place is free. */
  boolean isIdle() {
    return taken.get() == 0;
  }

  /** How many places of threads and buffer are free; below zero while more is held. */
  int free() {
    return places() - taken.get();
  }

  int threads() {
    return compartment.threads();
  }

  Compartment compartment() {
    return compartment;
  }

  /** Ends the threads; tasks still running are interrupted after a few seconds. */
  synchronized void close() {
    compartment.close();
    retired.forEach(Compartment::close);
  }
}
