package dev.stalk.broker.transport;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a message in quarantine without reading all of it.
 *
 * @param id names the entry for as long as it exists: 16 hexadecimal digits made of its bytes, so
 *     two entries that are the same to the byte share one
 * @param index its place in the list, 0 being the oldest; changes when others leave
 * @param reason why it was put there; if its first line is not the one Stalk writes, that
 * @param queue the queue it came from; empty if its first line does not say
 * @param time since when; null if its first line does not say
 * @param deliveries how often it had been begun; 0 if its first line does not say
 * @param size the message's length in bytes
 * @param task the task's name; null where it cannot be read from the message's beginning
 * @param taskId the task's id; null where it cannot be read from the message's beginning
 */
public record QuarantineEntry(
    String id,
    long index,
    String reason,
    String queue,
    @Nullable Instant time,
    long deliveries,
    long size,
    @Nullable String task,
    @Nullable String taskId) {
  public QuarantineEntry {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(queue, "queue");
  }
}
