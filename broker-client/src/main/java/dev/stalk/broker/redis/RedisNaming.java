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
 * @param fanoutPrefix stands before an exchange's name in a fanout channel, <code>{db}</code> in it
 *     for the number of the database, doubled braces for single ones ({@code fanout_prefix});
 *     <code>
 *     /{db}.</code> by default, empty for kombu's {@code False}. <code>/{{db}}.</code> is what
 *     kombu before 5.4 uses with Sentinel
 * @param fanoutPatterns whether a fanout channel ends in the routing key, so that subscribers can
 *     choose ({@code fanout_patterns}); true by default
 */
public record RedisNaming(
    String prefix,
    String resultPrefix,
    String separator,
    List<Integer> prioritySteps,
    String fanoutPrefix,
    boolean fanoutPatterns) {

  /** Names as kombu and Celery give them when nothing is configured. */
  public static final RedisNaming DEFAULT =
      new RedisNaming("", "", "\u0006\u0016", List.of(0, 3, 6, 9), "/{db}.", true);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the steps are none, negative or not ascending, the
   *     separator is empty, or kombu could not take the fanout prefix off a channel again
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
    if (!fanoutPrefix.isEmpty()
        && !(fanoutPrefix.startsWith("/")
            && fanoutPrefix.indexOf('.') == fanoutPrefix.length() - 1)) {
      throw new IllegalArgumentException(
          "the fanout prefix must be empty, or begin with / and end with its only dot, not "
              + fanoutPrefix);
    }
  }

  /** With kombu's usual names of fanout channels. */
  public RedisNaming(
      String prefix, String resultPrefix, String separator, List<Integer> prioritySteps) {
    this(
        prefix,
        resultPrefix,
        separator,
        prioritySteps,
        DEFAULT.fanoutPrefix,
        DEFAULT.fanoutPatterns);
  }
}
