package dev.stalk.worker;

import dev.stalk.worker.config.AutoscaleConfig;
import dev.stalk.worker.config.QueueConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A queue's compartment, and the places that may be taken in it. A place is reserved before a
 * message is fetched, so the compartment itself never has to refuse one. {@link #reserve} and
 * {@link #adapt} are called by the queue's consumer only, everything else by any thread.
 */
final class QueueBulkhead {
  private final String name;
  private final AtomicInteger free;

  // written under this, read by any thread
  private volatile QueueConfig config;
  private volatile Compartment compartment;
  private volatile @Nullable Autoscaler autoscaler;
  private final List<Compartment> retired = new ArrayList<>(); // guarded by this

  QueueBulkhead(String name, QueueConfig config) {
    this.name = name;
    this.config = config;
    this.free = new AtomicInteger(places(config));
    this.compartment = Compartment.of(name, config);
    startAutoscaling(config);
  }

  private static int places(QueueConfig config) {
    return config.threads() + config.buffer();
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
    int taken = Math.max(0, Math.min(free.get(), most));
    free.addAndGet(-taken);
    return taken;
  }

  /** Gives back places: reserved ones that were not used, or those of executions that have left. */
  void release(int count) {
    free.addAndGet(count);
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

  /** Lets the number of threads follow the work, where that is wanted. */
  void adapt(long now) {
    Autoscaler scaler = autoscaler;
    if (scaler != null) {
      int wanted = scaler.threads(places(config) - free.get(), now);
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
    free.addAndGet(places(changed) - places(config));
    if (changed.type() == config.type()) {
      compartment.change(changed);
    } else {
      retired.add(compartment);
      compartment = Compartment.of(name, changed);
    }
    config = changed;
    startAutoscaling(changed);
  }

  /** Whether every place is free. */
  boolean isIdle() {
    return free.get() == places(config);
  }

  /** How many places are free; below zero while a smaller size is being reached. */
  int free() {
    return free.get();
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
