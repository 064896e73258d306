package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.TaskMessage;
import java.util.Objects;

/**
 * A message that was looked at where it waits. By now somebody may have taken it.
 *
 * @param queue the queue
 * @param priority the priority step of the list it waits in
 * @param raw the envelope's bytes; not to be changed
 */
public record WaitingMessage(String queue, int priority, byte[] raw) {
  /** To look does no harm, whatever a worker here would accept. */
  private static final ContentConfig ANY_CONTENT =
      ContentConfig.builder().acceptContent("json", "yaml", "msgpack").build();

  public WaitingMessage {
    Objects.requireNonNull(queue, "queue");
    Objects.requireNonNull(raw, "raw");
  }

  /**
   * Reads it.
   *
   * @throws MalformedMessageException if it is no task message this side can run, saying why
   */
  public TaskMessage decode() {
    return MessageCodec.decode(raw, ANY_CONTENT);
  }
}
