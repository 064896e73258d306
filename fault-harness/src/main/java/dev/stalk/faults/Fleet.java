package dev.stalk.faults;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** All workers. Thread-safe. */
final class Fleet implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long LOOK = 5;

  private final List<WorkerSlot> slots;

  Fleet(List<WorkerSlot> slots) {
    this.slots = List.copyOf(slots);
  }

  List<WorkerSlot> slots() {
    return slots;
  }

  /**
   * Does something to a worker that is ready, waiting for one if there is none.
   *
   * @param choice which one, modulo the number of those that are ready
   * @param harm false if it came too late for this worker; then another is chosen
   * @return the worker it was done to
   * @throws IllegalStateException if for a minute no worker is ready
   */
  WorkerSlot harm(int choice, Predicate<WorkerSlot> harm) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      List<WorkerSlot> ready = slots.stream().filter(WorkerSlot::isReady).toList();
      if (!ready.isEmpty()) {
        WorkerSlot victim = ready.get(choice % ready.size());
        if (harm.test(victim)) {
          return victim;
        }
      }
      Thread.sleep(LOOK);
    }
    throw new IllegalStateException("no worker has been ready for " + PATIENCE);
  }

  /** Waits until every slot has a worker that consumes. */
  void awaitReady() throws InterruptedException {
    for (WorkerSlot slot : slots) {
      if (!slot.awaitReady(PATIENCE)) {
        throw new IllegalStateException("a worker has not come back for " + PATIENCE + ": " + slot);
      }
    }
  }

  /** The names of the processes that consume now. */
  Set<String> instances() {
    Set<String> names = new HashSet<>();
    slots.forEach(slot -> names.add(slot.instance()));
    names.remove("");
    return names;
  }

  /** The slot of a process; null if there is none. */
  @Nullable WorkerSlot slotOf(String instance) {
    return slots.stream().filter(slot -> slot.instance().equals(instance)).findFirst().orElse(null);
  }

  /** What a process of this round has printed. */
  List<String> outputOf(String instance) {
    Function<WorkerSlot, List<String>> output = slot -> slot.outputOf(instance);
    return slots.stream().map(output).flatMap(List::stream).toList();
  }

  @Override
  public void close() {
    slots.forEach(WorkerSlot::close);
  }
}
