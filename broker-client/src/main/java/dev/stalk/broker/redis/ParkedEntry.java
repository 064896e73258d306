package dev.stalk.broker.redis;

import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.UnackedEntry;
import dev.stalk.broker.transport.Effect;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;

/**
 * One parked message, as the set of what is parked names it. Its member tells all that is needed to
 * return it, so that returning it moves no message through the worker: the tag, how many bytes
 * close its value, and its list, with blanks between.
 *
 * @param tag its field in {@code unacked} and member of {@code unacked_index}
 * @param time when it is due
 * @param closing the length of what follows the message in its value
 * @param list the key of the list it returns to
 */
record ParkedEntry(String tag, Instant time, int closing, String list) {

  /** An entry for this message, under a tag of its own. */
  static ParkedEntry of(Effect.Park park, RedisKeys keys) {
    return new ParkedEntry(
        RedisKeys.PARKED_TAG + UUID.randomUUID(),
        park.due(),
        UnackedEntry.closing(park.queue()).length,
        RedisKeys.text(keys.list(park.queue(), MessageCodec.priority(park.message()))));
  }

  /**
   * Reads a member.
   *
   * @throws IllegalArgumentException if it is none
   */
  static ParkedEntry parse(String member) {
    String[] parts = member.split(" ", 3);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not a parked message: " + member);
    }
    return new ParkedEntry(parts[0], Instant.EPOCH, Integer.parseInt(parts[1]), parts[2]);
  }

  String member() {
    return tag + " " + closing + " " + list;
  }

  /** When it is due, in seconds since 1970. */
  String due() {
    return seconds(time);
  }

  /**
   * Its score in {@code unacked_index}: such that kombu takes it for one not acknowledged in time
   * from the moment it is due (kombu {@code transport/redis.py:QoS.restore_visible}, which asks for
   * scores from 0).
   */
  String score(Duration visibilityTimeout) {
    Instant delivered = time.minus(visibilityTimeout);
    return seconds(delivered.isBefore(Instant.EPOCH) ? Instant.EPOCH : delivered);
  }

  private static String seconds(Instant time) {
    return String.format(Locale.ROOT, "%.3f", time.toEpochMilli() / 1000.0);
  }
}
