package dev.stalk.broker.transport;

import java.time.Instant;
import java.util.Objects;

/** Something written together with the end of a delivery, or not at all. */
public sealed interface Effect {

  /**
   * Stores and announces a result, unless a SUCCESS is stored under that id already.
   *
   * @param taskId the task
   * @param meta the encoded meta
   */
  record StoreResult(String taskId, byte[] meta) implements Effect {
    public StoreResult {
      Objects.requireNonNull(taskId, "taskId");
      Objects.requireNonNull(meta, "meta");
    }
  }

  /** Publishes a further message. */
  record Publish(Publication publication) implements Effect {
    public Publish {
      Objects.requireNonNull(publication, "publication");
    }
  }

  /** Puts a message back where it is fetched next, at its priority. */
  record Return(Publication publication) implements Effect {
    public Return {
      Objects.requireNonNull(publication, "publication");
    }
  }

  /**
   * Keeps a message that cannot be run in {@code <queue>.quarantine}, its bytes unchanged.
   *
   * @param queue the queue it came from
   * @param reason one line for the operator
   * @param deliveries how often it was begun, this time included
   * @param message the bytes
   */
  record Quarantine(String queue, String reason, long deliveries, byte[] message)
      implements Effect {
    public Quarantine {
      Objects.requireNonNull(queue, "queue");
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(message, "message");
    }
  }

  /**
   * Lets a message wait in the broker until its time has come.
   *
   * @param queue the queue it returns to
   * @param due when
   * @param message the bytes
   */
  record Park(String queue, Instant due, byte[] message) implements Effect {
    public Park {
      Objects.requireNonNull(queue, "queue");
      Objects.requireNonNull(due, "due");
      Objects.requireNonNull(message, "message");
    }
  }

  /**
   * Ends the counting of a message's deliveries: it was handled.
   *
   * @param deliveryTag the tag in the message's properties
   */
  record ForgetDeliveries(String deliveryTag) implements Effect {
    public ForgetDeliveries {
      Objects.requireNonNull(deliveryTag, "deliveryTag");
    }
  }
}
