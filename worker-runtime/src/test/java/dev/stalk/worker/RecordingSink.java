package dev.stalk.worker;

import dev.stalk.broker.transport.Settlement;
import java.util.ArrayList;
import java.util.List;

/** Keeps what executions hand on. */
final class RecordingSink implements TaskExecution.Sink {
  private final List<Settlement> settlements = new ArrayList<>();
  private int left;

  @Override
  public synchronized void ended(TaskExecution execution, Settlement settlement) {
    settlements.add(settlement);
  }

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
