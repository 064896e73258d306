package dev.stalk.broker.transport;

import java.time.Duration;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * The messages that were put aside because they cannot be run, in {@code <queue>.quarantine}. Every
 * change is atomic: a message is in quarantine or in a queue, never in both and never in neither.
 * Thread-safe. Every method throws {@link BrokerException} if the broker cannot be asked.
 */
public interface Quarantine {

  /**
   * The queues with messages in quarantine and how many each has. Reads the key space once, in
   * small steps that do not hold up the server.
   */
  SortedMap<String, Long> queues();

  /** How many messages of a queue are in quarantine. */
  long count(String queue);

  /**
   * A page of a queue's quarantine, oldest first.
   *
   * @param offset how many to pass over, from 0
   * @param limit how many to return at most, 1 to 1,000
   */
  List<QuarantineEntry> list(String queue, long offset, int limit);

  /** The message with this id; null if there is none. Looks through the list, newest last. */
  @Nullable QuarantinedMessage find(String queue, String id);

  /** The message at this place, 0 being the oldest; null if there is none. */
  @Nullable QuarantinedMessage at(String queue, long index);

  /**
   * Moves a message back to a queue, as if it had just been sent: behind what waits there at its
   * priority, its deliveries counted afresh. Its bytes stay as they are, but that a message which
   * goes to another queue than it came from is addressed to that.
   *
   * <p>What no worker could take is refused: a Python worker would die of it.
   *
   * @param to the queue it goes to; null for the one it came from
   */
  Replay replay(String queue, String id, @Nullable String to);

  /**
   * Replays every message that is in quarantine now, oldest first; one that returns there while
   * this goes on is not replayed again.
   */
  List<Replay> replayAll(String queue, @Nullable String to);

  /**
   * Deletes one message.
   *
   * @return whether it was there
   */
  boolean purge(String queue, String id);

  /**
   * Deletes all messages of a queue's quarantine.
   *
   * @return how many
   */
  long purgeAll(String queue);

  /**
   * Deletes the messages that have been there for longer than this by the broker's clock. Entries
   * that do not say since when they are there stay.
   *
   * @return how many
   */
  long purgeOlderThan(String queue, Duration age);
}
