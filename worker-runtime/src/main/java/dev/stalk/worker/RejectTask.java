package dev.stalk.worker;

/**
 * Thrown by a task that does not want its message (celery {@code exceptions.py:Reject}). It needs
 * late acknowledgement: of a message that was acknowledged before, nothing is left to reject, and
 * the task fails with the reason.
 */
public final class RejectTask extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean requeue;

  private RejectTask(String reason, boolean requeue) {
    super(reason, null, false, false);
    this.requeue = requeue;
  }

  /**
   * For good: the task fails, and its message is kept in {@code <queue>.quarantine}, as a broker
   * with dead letters would keep it.
   */
  public static RejectTask discard(String reason) {
    return new RejectTask(reason, false);
  }

  /**
   * Back to the queue, to be fetched next by whoever is quickest. Nothing is stored. It counts as a
   * delivery: past {@code max-deliveries} the message is quarantined.
   */
  public static RejectTask requeue(String reason) {
    return new RejectTask(reason, true);
  }

  boolean isRequeue() {
    return requeue;
  }
}
