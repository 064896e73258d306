package dev.stalk.broker.redis;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Every key and channel Stalk touches, named as kombu and Celery name them. */
final class RedisKeys {
  /** Kombu's default steps; a message goes to the last step that is not above its priority. */
  static final List<Integer> STEPS = List.of(0, 3, 6, 9);

  static final String SEPARATOR = "\u0006\u0016";
  static final byte[] UNACKED = bytes("unacked");
  static final byte[] UNACKED_INDEX = bytes("unacked_index");
  static final String INVALIDATIONS = "__redis__:invalidate";

  /** Held by a Java worker that renews its lease. */
  static final String HELD_TAG = "stalk:held:";

  /** Waiting for its time, held by nobody. */
  static final String PARKED_TAG = "stalk:parked:";

  private static final String RESULT = "celery-task-meta-";
  private static final String BINDING = "_kombu.binding.";
  private static final String PERMANENT_BINDING = "_kombu.binding_permanent.";
  private static final String DELIVERIES = "stalk:deliveries:";
  private static final String QUARANTINE = ".quarantine";

  private RedisKeys() {}

  /** The step a priority belongs to (kombu {@code transport/redis.py:Channel.priority}). */
  static int step(int priority) {
    int step = 0;
    for (int candidate : STEPS) {
      if (candidate <= priority) {
        step = candidate;
      }
    }
    return step;
  }

  /** The list of a priority's step (kombu {@code transport/redis.py:Channel._q_for_pri}). */
  static byte[] list(String queue, int priority) {
    int step = step(priority);
    return bytes(step == 0 ? queue : queue + SEPARATOR + step);
  }

  /** A result's key, which is also the channel it is announced on. */
  static byte[] result(String taskId) {
    return bytes(RESULT + taskId);
  }

  /** How often a message was begun again after its first delivery. */
  static byte[] deliveries(String deliveryTag) {
    return bytes(DELIVERIES + deliveryTag);
  }

  static byte[] quarantine(String queue) {
    return bytes(queue + QUARANTINE);
  }

  /** The binding set of the exchange Celery declares for a queue: named as the queue. */
  static byte[] binding(String exchange) {
    return bytes(BINDING + exchange);
  }

  /**
   * Since 5.7 kombu deletes a binding set some of whose queues expire, unless this set has members
   * (kombu {@code Channel.sweep_bindings}).
   */
  static byte[] permanentBinding(String exchange) {
    return bytes(PERMANENT_BINDING + exchange);
  }

  /**
   * A direct exchange's member: routing key, no pattern, queue (kombu {@code Channel._queue_bind}).
   */
  static byte[] directMember(String routingKey, String queue) {
    return bytes(routingKey + SEPARATOR + SEPARATOR + queue);
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
