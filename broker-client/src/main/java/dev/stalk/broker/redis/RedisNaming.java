package dev.stalk.broker.redis;

import java.util.List;
import java.util.Objects;

/**
 * How the keys are named; must be the same for every peer, Java or Python, that shares them
 * (kombu's transport options of these names, {@code transport/redis.py:Channel}).
 *
 * @param prefix precedes every key of the queues ({@code global_keyprefix}); empty by default
 * @param resultPrefix precedes every key and channel of the results ({@code global_keyprefix} of
 *     {@code result_backend_transport_options}, with the underscore Celery may add); empty by
 *     default
 * @param separator stands between a queue's name and a priority step ({@code sep})
 * @param prioritySteps the steps, each with a list of its own, ascending, at least one ({@code
 *     priority_steps}); 0, 3, 6 and 9 by default
 */
public record RedisNaming(
    String prefix, String resultPrefix, String separator, List<Integer> prioritySteps) {

  /** Names as kombu and Celery give them when nothing is configured. */
  public static final RedisNaming DEFAULT =
      new RedisNaming("", "", "\u0006\u0016", List.of(0, 3, 6, 9));

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the steps are none, negative or not ascending, or the
   *     separator is empty
   */
  public RedisNaming {
    Objects.requireNonNull(prefix, "prefix");
    Objects.requireNonNull(resultPrefix, "resultPrefix");
    if (separator.isEmpty()) {
      throw new IllegalArgumentException("the separator must not be empty");
    }
    prioritySteps = List.copyOf(prioritySteps);
    if (prioritySteps.isEmpty() || prioritySteps.get(0) < 0) {
      throw new IllegalArgumentException("there must be a priority step, and none below 0");
    }
    for (int i = 1; i < prioritySteps.size(); i++) {
      if (prioritySteps.get(i) <= prioritySteps.get(i - 1)) {
        throw new IllegalArgumentException("priority steps must ascend: " + prioritySteps);
      }
    }
  }
}
