package dev.stalk.worker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.Effect;
import dev.stalk.worker.config.TaskConfig;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes what is stored about one task (celery {@code backends/base.py:Backend._get_result_meta}),
 * if anything is. Immutable.
 */
final class ResultWriter {
  private final TaskMessage message;
  private final ContentConfig content;
  private final boolean ignored;
  private final boolean errorsStored;
  private final Map<String, @Nullable Object> extended;

  ResultWriter(
      TaskMessage message,
      TaskOptions options,
      TaskConfig config,
      String node,
      String queue,
      ContentConfig content) {
    this.content = content;
    this.message = message;
    Boolean header = message.headers().ignoreResult();
    // the header decides, where it says anything (celery 5.6.3
    // app/trace.py:get_actual_ignore_result)
    this.ignored = header == null ? options.ignoreResult() : header;
    this.errorsStored =
        !ignored || options.storeErrorsEvenIfIgnored() || config.storeErrorsEvenIfIgnored();
    this.extended = config.resultExtended() ? extended(message, node, queue) : Map.of();
  }

  private static Map<String, @Nullable Object> extended(
      TaskMessage message, String node, String queue) {
    TaskHeaders headers = message.headers();
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("name", headers.task());
    fields.put("args", message.body().args());
    fields.put("kwargs", message.body().kwargs());
    fields.put("worker", node);
    fields.put("retries", headers.retries());
    fields.put("queue", queue);
    List<String> stamped = headers.stampedHeaders();
    if (stamped != null && !stamped.isEmpty()) {
      fields.put("stamped_headers", stamped);
      stamped.forEach(name -> fields.putIfAbsent(name, headers.stamps().get(name)));
    }
    return fields;
  }

  String taskId() {
    return message.headers().id();
  }

  /** Whether failures are stored. */
  boolean storesErrors() {
    return errorsStored;
  }

  /** Whether nobody wants the return value. */
  boolean isIgnored() {
    return ignored;
  }

  /**
   * SUCCESS, unless ignored.
   *
   * @throws EncodingException if the value has no form in the result serializer, or is too large
   */
  List<Effect> success(@Nullable Object value, List<@Nullable Object> children, Instant now) {
    return ignored ? List.of() : stored(TaskState.SUCCESS, value, null, null, children, now);
  }

  /** FAILURE, RETRY or REVOKED, unless ignored and errors are too. */
  List<Effect> error(
      TaskState state,
      @Nullable RemoteException failure,
      @Nullable String traceback,
      List<@Nullable Object> children,
      Instant now) {
    return errorsStored ? stored(state, null, failure, traceback, children, now) : List.of();
  }

  /** STARTED, or a state of the task's own. */
  byte[] progress(TaskState state, @Nullable Object meta, List<@Nullable Object> children) {
    return encoded(state, meta, null, null, children, null);
  }

  private List<Effect> stored(
      TaskState state,
      @Nullable Object value,
      @Nullable RemoteException failure,
      @Nullable String traceback,
      List<@Nullable Object> children,
      Instant now) {
    byte[] meta = encoded(state, value, failure, traceback, children, state.isReady() ? now : null);
    return List.of(new Effect.StoreResult(taskId(), meta));
  }

  private byte[] encoded(
      TaskState state,
      @Nullable Object value,
      @Nullable RemoteException failure,
      @Nullable String traceback,
      List<@Nullable Object> children,
      @Nullable Instant done) {
    TaskResult result =
        new TaskResult(
            taskId(),
            state,
            value,
            failure,
            traceback,
            done == null ? null : ResultCodec.dateDone(done),
            message.headers().parentId(),
            children);
    return ResultCodec.encode(result, message.headers().group(), extended, content);
  }
}
