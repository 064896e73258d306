package dev.stalk.worker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.codec.ResultTooLargeException;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the handling of one message ended. Each says for itself what is written because of it.
 *
 * <table>
 * <caption>Outcomes</caption>
 * <tr><th>outcome</th><th>result stored</th><th>message</th></tr>
 * <tr><td>Succeeded</td><td>SUCCESS, unless ignored</td><td>acknowledged</td></tr>
 * <tr><td>Failed</td><td>FAILURE, unless ignored</td><td>acknowledged</td></tr>
 * <tr><td>Expired</td><td>REVOKED, unless ignored</td><td>acknowledged</td></tr>
 * <tr><td>NotDue</td><td>none</td><td>parked in the broker until its time</td></tr>
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
  List<Effect> effects(Delivery delivery, Instant now, ContentConfig content);

  /** The task returned. */
  record Succeeded(TaskMessage message, @Nullable Object value, boolean ignored)
      implements Outcome {
    @Override
    public String name() {
      return "success";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now, ContentConfig content) {
      if (ignored) {
        return List.of();
      }
      return List.of(stored(message, TaskState.SUCCESS, value, null, null, now, content));
    }

    /** What becomes of it when its value cannot be stored (celery {@code backends/redis.py}). */
    Failed unencodable(Throwable e) {
      String why = String.valueOf(e.getMessage());
      RemoteException failure =
          e instanceof ResultTooLargeException
              ? RemoteException.of("celery.exceptions", "BackendStoreError", why)
              : RemoteException.of("kombu.exceptions", "EncodeError", why);
      return new Failed(message, failure, Exceptions.traceback(e), ignored);
    }
  }

  /** The task threw. */
  record Failed(
      TaskMessage message, RemoteException failure, @Nullable String traceback, boolean ignored)
      implements Outcome {
    @Override
    public String name() {
      return "failure";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now, ContentConfig content) {
      return ignored
          ? List.of()
          : List.of(stored(message, TaskState.FAILURE, null, failure, traceback, now, content));
    }
  }

  /** It came too late (celery {@code worker/request.py:Request.maybe_expire}). */
  record Expired(TaskMessage message, boolean ignored) implements Outcome {
    @Override
    public String name() {
      return "expired";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now, ContentConfig content) {
      RemoteException reason =
          RemoteException.of("celery.exceptions", "TaskRevokedError", "expired");
      return ignored
          ? List.of()
          : List.of(stored(message, TaskState.REVOKED, null, reason, null, now, content));
    }
  }

  /** It came too early. */
  record NotDue(Instant due) implements Outcome {
    @Override
    public String name() {
      return "parked";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now, ContentConfig content) {
      return List.of(new Effect.Park(delivery.queue(), due, delivery.message()));
    }
  }

  /**
   * It cannot be run here: undecodable, of an unknown name, of a kind this worker does not know, or
   * begun too often without an end. Who waits for its result learns so, and the message is kept for
   * an operator.
   */
  record NotRunnable(
      @Nullable String taskId, RemoteException failure, String reason, long deliveries)
      implements Outcome {
    @Override
    public String name() {
      return "quarantined";
    }

    @Override
    public List<Effect> effects(Delivery delivery, Instant now, ContentConfig content) {
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
                null);
        effects.add(
            new Effect.StoreResult(taskId, ResultCodec.encode(result, null, Map.of(), content)));
      }
      effects.add(new Effect.Quarantine(delivery.queue(), reason, deliveries, delivery.message()));
      return effects;
    }
  }

  private static Effect stored(
      TaskMessage message,
      TaskState state,
      @Nullable Object value,
      @Nullable RemoteException failure,
      @Nullable String traceback,
      Instant now,
      ContentConfig content) {
    TaskResult result =
        new TaskResult(
            message.headers().id(),
            state,
            value,
            failure,
            traceback,
            ResultCodec.dateDone(now),
            message.headers().parentId(),
            List.of());
    return new Effect.StoreResult(
        message.headers().id(),
        ResultCodec.encode(result, message.headers().group(), Map.of(), content));
  }
}
