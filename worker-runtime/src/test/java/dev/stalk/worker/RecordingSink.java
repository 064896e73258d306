package dev.stalk.worker;

import dev.stalk.broker.transport.Settlement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Keeps what executions hand on. */
final class RecordingSink implements TaskExecution.Sink {
  private final List<Settlement> settlements = new ArrayList<>();
  private final List<Settlement> acknowledgements = new CopyOnWriteArrayList<>();
  private final List<Thread> stuck = new ArrayList<>();
  private volatile Consumer<Settlement> acknowledging = settlement -> {};
  private int left;

  @Override
  public synchronized void ended(TaskExecution execution, Settlement settlement) {
    settlements.add(settlement);
    notifyAll();
  }

  @Override
  public void acknowledge(Settlement acknowledgement) {
    acknowledgements.add(acknowledgement);
    acknowledging.accept(acknowledgement);
  }

  /** What is done with an acknowledgement; nothing unless told otherwise. */
  void acknowledging(Consumer<Settlement> action) {
    acknowledging = action;
  }

  List<Settlement> acknowledgements() {
    return List.copyOf(acknowledgements);
  }

  @Override
  public synchronized void stuck(TaskExecution execution, Thread thread) {
    stuck.add(thread);
    notifyAll();
  }

  /** Waits until a thread is given up. */
  synchronized Thread stuck() throws InterruptedException {
    while (stuck.isEmpty()) {
      wait();
    }
    return stuck.get(0);
  }

  /** Waits until something has ended. */
  synchronized Settlement awaitEnd() throws InterruptedException {
    while (settlements.isEmpty()) {
      wait();
    }
    return settlements.get(0);
  }

  @Override
  public void goesOn(TaskExecution execution) {}

  @Override
  public void stopped(TaskExecution execution) {}

  @Override
  public synchronized void left(TaskExecution execution) {
    left++;
  }

  synchronized List<Settlement> settlements() {
    return List.copyOf(settlements);
  }

  synchronized int size() {
    return settlements.size();
  }

  synchronized int left() {
    return left;
  }
}
