package dev.stalk.broker.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Every key and channel Stalk touches, named as kombu and Celery name them. Static members do not
 * depend on {@link RedisNaming}. Immutable.
 */
final class RedisKeys {
  static final String INVALIDATIONS = "__redis__:invalidate";

  /** Held by a Java worker that renews its lease. */
  static final String HELD_TAG = "stalk:held:";

  /** Waiting for its time, held by nobody. */
  static final String PARKED_TAG = "stalk:parked:";

  private static final String RESULT = "celery-task-meta-";
  private static final String BINDING = "_kombu.binding.";
  private static final String PERMANENT_BINDING = "_kombu.binding_permanent.";
  private static final String DELIVERIES = "stalk:deliveries:";
  private static final String SETTLED = "stalk:settled:";
  private static final String QUARANTINE = ".quarantine";

  private final RedisNaming naming;
  private final byte[] unacked;
  private final byte[] unackedIndex;
  private final byte[] unackedMutex;
  private final byte[] parked;
  private final byte[] holders;

  RedisKeys(RedisNaming naming) {
    this.naming = naming;
    this.unacked = prefixed("unacked");
    this.unackedIndex = prefixed("unacked_index");
    this.unackedMutex = prefixed("unacked_mutex");
    this.parked = prefixed("stalk:parked");
    this.holders = prefixed("stalk:holders");
  }

  private byte[] prefixed(String name) {
    return bytes(naming.prefix() + name);
  }

  /** The hash of what is held, by tag. Not to be changed. */
  byte[] unacked() {
    return unacked;
  }

  /** The sorted set of the same tags. Not to be changed. */
  byte[] unackedIndex() {
    return unackedIndex;
  }

  /** The lock of whoever restores by visibility timeout, Java or Python. Not to be changed. */
  byte[] unackedMutex() {
    return unackedMutex;
  }

  /** The sorted set of what is parked, by the time it is due. Not to be changed. */
  byte[] parked() {
    return parked;
  }

  /** The sorted set of the Java lines that hold messages, by their last sign of life. */
  byte[] holders() {
    return holders;
  }

  /** Who holds a message, by its tag; the tag must begin with {@link #HELD_TAG}. */
  static String holder(String tag) {
    return tag.substring(HELD_TAG.length(), Math.max(HELD_TAG.length(), tag.lastIndexOf(':')));
  }

  /** The priority steps, served first to served last. */
  List<Integer> steps() {
    return naming.prioritySteps();
  }

  /** What precedes every key of the queues. */
  String prefix() {
    return naming.prefix();
  }

  /** Between the parts of a binding's member. */
  String separator() {
    return naming.separator();
  }

  /** The step a priority belongs to (kombu {@code transport/redis.py:Channel.priority}). */
  int step(int priority) {
    int step = naming.prioritySteps().get(0);
    for (int candidate : naming.prioritySteps()) {
      if (candidate <= priority) {
        step = candidate;
      }
    }
    return step;
  }

  /** The list of a priority's step (kombu {@code transport/redis.py:Channel._q_for_pri}). */
  byte[] list(String queue, int priority) {
    int step = step(priority);
    return prefixed(step == 0 ? queue : queue + naming.separator() + step);
  }

  /** The queue's lists, served first to served last. */
  List<byte[]> lists(String queue) {
    return steps().stream().map(step -> list(queue, step)).toList();
  }

  /** A result's key, which is also the channel it is announced on. */
  byte[] result(String taskId) {
    return bytes(naming.resultPrefix() + RESULT + taskId);
  }

  /** How often a message was begun again after its first delivery. */
  byte[] deliveries(String deliveryTag) {
    return prefixed(DELIVERIES + deliveryTag);
  }

  /** Up to which number a line's settlements after an early acknowledgement were carried out. */
  byte[] settled(String holder) {
    return prefixed(SETTLED + holder);
  }

  byte[] quarantine(String queue) {
    return prefixed(queue + QUARANTINE);
  }

  /** The binding set of the exchange Celery declares for a queue: named as the queue. */
  byte[] binding(String exchange) {
    return prefixed(BINDING + exchange);
  }

  /**
   * Since 5.7 kombu deletes a binding set some of whose queues expire, unless this set has members
   * (kombu {@code Channel.sweep_bindings}).
   */
  byte[] permanentBinding(String exchange) {
    return prefixed(PERMANENT_BINDING + exchange);
  }

  /**
   * A binding's member: routing key, the pattern made of it or nothing, queue (kombu {@code
   * Channel._queue_bind}). Members bear no prefix.
   */
  byte[] member(String routingKey, String pattern, String queue) {
    return bytes(routingKey + naming.separator() + pattern + naming.separator() + queue);
  }

  /**
   * When the binding sets of queues that expire may be deleted (kombu {@code
   * Channel.keyprefix_binding_deadlines}).
   */
  byte[] bindingDeadlines() {
    return prefixed("_kombu.binding_deadlines");
  }

  /** The text before an exchange's name in the fanout channels of a database. */
  String fanoutPrefix(int database) {
    return naming.prefix()
        + naming
            .fanoutPrefix()
            .replace("{{", "\u0001")
            .replace("}}", "\u0002")
            .replace("{db}", Integer.toString(database))
            .replace('\u0001', '{')
            .replace('\u0002', '}');
  }

  /** Whether a fanout channel ends in the routing key. */
  boolean fanoutPatterns() {
    return naming.fanoutPatterns();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] bytes(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
