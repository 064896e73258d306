package dev.stalk.worker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.Redelivery;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Publication;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the handling of one message ended. Each says for itself what is written because of it, and
 * what listeners are told.
 *
 * <table>
 * <caption>Outcomes</caption>
 * <tr><th>outcome</th><th>result stored</th><th>message</th></tr>
 * <tr><td>Succeeded</td><td>SUCCESS, unless ignored</td><td>acknowledged</td></tr>
 * <tr><td>Failed</td><td>FAILURE, unless ignored</td><td>acknowledged; quarantined if an errback cannot be sent</td></tr>
 * <tr><td>Retried</td><td>RETRY, unless ignored</td><td>sent again, with the same id; this one acknowledged</td></tr>
 * <tr><td>Ignored</td><td>none</td><td>acknowledged</td></tr>
 * <tr><td>Returned</td><td>none</td><td>back to its queue, marked redelivered</td></tr>
 * <tr><td>Discarded</td><td>FAILURE, unless ignored</td><td>quarantined, unchanged</td></tr>
 * <tr><td>Revoked</td><td>REVOKED, unless ignored</td><td>acknowledged</td></tr>
 * <tr><td>Duplicate</td><td>none: its SUCCESS is stored already</td><td>acknowledged</td></tr>
 * <tr><td>NotDue</td><td>none</td><td>parked in the broker until its time</td></tr>
 * <tr><td>BreakerOpen</td><td>none</td><td>parked in the broker until its breaker may have closed</td></tr>
 * <tr><td>NotRunnable</td><td>FAILURE, if an id could be read</td><td>quarantined, unchanged</td></tr>
 * </table>
 */
sealed interface Outcome {

  /** The tag value metrics use. */
  String name();

  /**
   * What is written, and in which order.
   *
   * @throws EncodingException if a return value has no form in the result serializer, or is too
   *     large
   */
  List<Effect> effects(Delivery delivery, Instant now);

  /** Tells that it has come to this; not called for a message that names no known task. */
  default void tell(TaskListener listener, TaskContext context) {}

  /**
   * What monitors are told when it is settled.
   *
   * @param id the task's; null if no known task is named
   * @return null for nothing
   */
  default @Nullable Event event(@Nullable String id) {
    return null;
  }

  /** Whether the message was handled for good, so that its deliveries need no more counting. */
  default boolean isEnd() {
    return true;
  }

  /** The task returned. */
  record Succeeded(
      ResultWriter results,
      FollowUps followUps,
      @Nullable Object value,
      Duration runtime,
      List<@Nullable Object> children)
      implements Outcome {
    @Override
    public String name() {
      return "success";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      FollowUps.Sent sent = followUps.afterSuccess(value);
      if (sent.effects().isEmpty()) {
        return results.success(value, children, now);
      }
      List<@Nullable Object> all = new ArrayList<>(children);
      all.addAll(sent.children());
      List<Effect> effects = new ArrayList<>(sent.effects());
      effects.addAll(results.success(value, all, now));
      return effects;
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.succeeded(context, value, runtime);
    }

    @Override
    public Event event(@Nullable String id) {
      return TaskEvents.succeeded(results.taskId(), value, runtime);
    }
  }

  /**
   * The task threw, ran out of retries, or was stopped by force.
   *
   * @param name {@code failure} or {@code timeout}
   * @param error what listeners are told
   * @param deliveries how often the message was begun
   */
  record Failed(
      String name,
      ResultWriter results,
      FollowUps followUps,
      Throwable error,
      RemoteException failure,
      @Nullable String traceback,
      List<@Nullable Object> children,
      long deliveries)
      implements Outcome {
    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      List<Effect> effects =
          new ArrayList<>(results.error(TaskState.FAILURE, failure, traceback, children, now));
      FollowUps.Failures after =
          followUps.afterFailure(failure, traceback, results.storesErrors(), now);
      effects.addAll(after.effects());
      if (after.unsent() != null) { // somebody is to hear of it
        effects.add(
            new Effect.Quarantine(
                delivery.queue(), after.unsent(), deliveries, delivery.message()));
      }
      return effects;
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.failed(context, error);
    }

    @Override
    public Event event(@Nullable String id) {
      return TaskEvents.failed(results.taskId(), failure, traceback);
    }
  }

  /** The task will run again (celery {@code backends/base.py:Backend.mark_as_retry}). */
  record Retried(
      ResultWriter results,
      Publication next,
      @Nullable Instant eta,
      @Nullable Throwable cause,
      @Nullable RemoteException reason,
      String traceback,
      List<@Nullable Object> children)
      implements Outcome {
    @Override
    public String name() {
      return "retry";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      List<Effect> effects = new ArrayList<>();
      effects.add(new Effect.Publish(next));
      effects.addAll(results.error(TaskState.RETRY, reason, traceback, children, now));
      return effects;
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.retried(context, cause, eta);
    }

    @Override
    public Event event(@Nullable String id) {
      return TaskEvents.retried(results.taskId(), reason, traceback);
    }
  }

  /** The task asked for it. */
  record Ignored() implements Outcome {
    @Override
    public String name() {
      return "ignored";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      return List.of();
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.ignored(context);
    }
  }

  /** The task rejected its message, to be delivered again. */
  record Returned() implements Outcome {
    @Override
    public String name() {
      return "requeued";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      return List.of(returned(delivery));
    }

    @Override
    public boolean isEnd() {
      return false; // each time counts, or it would go round for ever
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.rejected(context, true);
    }

    @Override
    public @Nullable Event event(@Nullable String id) {
      return id == null ? null : TaskEvents.rejected(id, true);
    }
  }

  /** The task rejected its message for good. */
  record Discarded(
      ResultWriter results,
      FollowUps followUps,
      RemoteException failure,
      String reason,
      long deliveries)
      implements Outcome {
    @Override
    public String name() {
      return "rejected";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      List<Effect> effects =
          new ArrayList<>(results.error(TaskState.FAILURE, failure, null, List.of(), now));
      effects.addAll(followUps.afterFailure(failure, null, results.storesErrors(), now).effects());
      effects.add(new Effect.Quarantine(delivery.queue(), reason, deliveries, delivery.message()));
      return effects;
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.rejected(context, false);
    }

    @Override
    public Event event(@Nullable String id) {
      return TaskEvents.rejected(results.taskId(), false);
    }
  }

  /**
   * It was not to be run, or no longer (celery {@code
   * worker/request.py:Request._announce_revoked}).
   *
   * @param reason {@code expired}, {@code revoked} or {@code terminated}
   */
  record Revoked(ResultWriter results, String reason) implements Outcome {
    @Override
    public String name() {
      return reason;
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      RemoteException revoked = RemoteException.of("celery.exceptions", "TaskRevokedError", reason);
      return results.error(TaskState.REVOKED, revoked, null, List.of(), now);
    }

    @Override
    public void tell(TaskListener listener, TaskContext context) {
      listener.revoked(context, reason);
    }

    @Override
    public Event event(@Nullable String id) {
      return TaskEvents.revoked(results.taskId(), reason);
    }
  }

  /** It has succeeded before. */
  record Duplicate() implements Outcome {
    @Override
    public String name() {
      return "duplicate";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      return List.of();
    }
  }

  /** It came too early. */
  record NotDue(Instant due) implements Outcome {
    @Override
    public String name() {
      return "parked";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      return List.of(new Effect.Park(delivery.queue(), due, delivery.message()));
    }

    @Override
    public boolean isEnd() {
      return false;
    }
  }

  /** Its task fails at present, and is not tried. */
  record BreakerOpen(Instant due) implements Outcome {
    @Override
    public String name() {
      return "parked";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      return List.of(new Effect.Park(delivery.queue(), due, delivery.message()));
    }
  }

  /**
   * It cannot be run here: undecodable, of an unknown name, of a kind this worker does not know, or
   * begun too often without an end. Who waits for its result learns so, and the message is kept for
   * an operator.
   */
  record NotRunnable(
      ContentConfig content,
      @Nullable String taskId,
      RemoteException failure,
      String reason,
      long deliveries)
      implements Outcome {
    @Override
    public String name() {
      return "quarantined";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now) {
      List<Effect> effects = new ArrayList<>();
      if (taskId != null && !taskId.isEmpty()) {
        TaskResult result =
            new TaskResult(
                taskId,
                TaskState.FAILURE,
                null,
                failure,
                null,
                ResultCodec.dateDone(now),
                null,
                List.of());
        effects.add(
            new Effect.StoreResult(taskId, ResultCodec.encode(result, null, Map.of(), content)));
      }
      effects.add(new Effect.Quarantine(delivery.queue(), reason, deliveries, delivery.message()));
      return effects;
    }

    @Override
    public @Nullable Event event(@Nullable String id) {
      String known = taskId == null || taskId.isEmpty() ? id : taskId;
      return known == null ? null : TaskEvents.unknown(known, failure);
    }
  }

  /** It came to an end that could not be written. */
  static Outcome unwritten(ContentConfig content, long deliveries) {
    String reason = "its outcome could not be written";
    return new NotRunnable(
        content, null, RemoteException.of("builtins", "RuntimeError", reason), reason, deliveries);
  }

  /** Back to the queue it came from, to be fetched next, marked as redelivered. */
  static Effect returned(Delivery delivery) {
    byte[] message = Redelivery.mark(delivery.message());
    return new Effect.Return(
        new Publication(delivery.queue(), MessageCodec.priority(message), message));
  }
}
