package dev.stalk.broker.transport;

import java.util.List;

/**
 * Which of several queues on one line is fetched from first, within a priority step (kombu's {@code
 * queue_order_strategy}, {@code utils/scheduling.py}). A more urgent step of any queue comes before
 * a less urgent one of all.
 */
public enum QueueOrder {
  /** The queues take turns, so that each is served: {@code round_robin_cycle}. */
  ROUND_ROBIN,

  /**
   * In the order they are named: while an earlier one has messages, later ones wait: {@code
   * priority_cycle}.
   */
  PRIORITY,

  /** The same in the order of their names: {@code sorted_cycle}. */
  SORTED;

  /** Whether one queue is emptied before the next is looked at. */
  public boolean isStrict() {
    return this != ROUND_ROBIN;
  }

  /** The queues in the order they are looked at, if none had its turn yet. */
  public List<String> arrange(List<String> queues) {
    return this == SORTED ? queues.stream().sorted().toList() : List.copyOf(queues);
  }
}
