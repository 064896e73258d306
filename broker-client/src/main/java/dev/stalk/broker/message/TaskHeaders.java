package dev.stalk.broker.message;

import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The headers of a protocol-2 task message (celery {@code app/amqp.py:AMQP.as_task_v2}).
 *
 * @param task the registered name of the task
 * @param id the task's id; part of the key of its result
 * @param shadow the name shown instead of {@code task} in logs and events
 * @param eta not to be run before
 * @param expires not to be run after
 * @param group the id of the group the task belongs to
 * @param groupIndex the place in that group
 * @param retries how often the task has been retried
 * @param timeLimit seconds after which the task is stopped by force
 * @param softTimeLimit seconds after which the task is told to stop
 * @param rootId the first task of the workflow
 * @param parentId the task that sent this one
 * @param argsRepr the positional arguments as people read them
 * @param kwargsRepr the keyword arguments as people read them
 * @param origin the sending process, {@code gen<pid>@<host>}
 * @param ignoreResult whether the result is wanted; null leaves it to the worker's task
 * @param replacedTaskNesting how often the task has replaced itself
 * @param stampedHeaders the names of the stamps
 * @param stamps stamp name to value
 * @param lang the language of the sender; nobody reads it
 * @param custom every other header, as it came or as the caller set it
 */
public record TaskHeaders(
    String task,
    String id,
    @Nullable String shadow,
    @Nullable OffsetDateTime eta,
    @Nullable OffsetDateTime expires,
    @Nullable String group,
    @Nullable Integer groupIndex,
    int retries,
    @Nullable Double timeLimit,
    @Nullable Double softTimeLimit,
    @Nullable String rootId,
    @Nullable String parentId,
    String argsRepr,
    String kwargsRepr,
    @Nullable String origin,
    @Nullable Boolean ignoreResult,
    int replacedTaskNesting,
    @Nullable List<String> stampedHeaders,
    Map<String, @Nullable Object> stamps,
    String lang,
    Map<String, @Nullable Object> custom) {

  public TaskHeaders {
    Objects.requireNonNull(task, "task");
    Objects.requireNonNull(id, "id");
    stamps = ValueMap.copyOf(stamps);
    custom = ValueMap.copyOf(custom);
    stampedHeaders = stampedHeaders == null ? null : List.copyOf(stampedHeaders);
  }

  /** The name people see: the shadow if there is one. */
  public String displayName() {
    return shadow == null ? task : shadow;
  }

  /**
   * The headers of this task's next attempt: the same but for one retry more, its time, the text
   * forms of its arguments and what is not the protocol's (celery {@code
   * app/task.py:Task.signature_from_request}).
   *
   * @param nextEta not to be run before; null for at once
   * @param nextCustom every header that is not the protocol's
   */
  public TaskHeaders nextAttempt(
      @Nullable OffsetDateTime nextEta,
      String nextArgsRepr,
      String nextKwargsRepr,
      Map<String, @Nullable Object> nextCustom) {
    return new TaskHeaders(
        task,
        id,
        shadow,
        nextEta,
        expires,
        group,
        groupIndex,
        retries + 1,
        timeLimit,
        softTimeLimit,
        rootId,
        parentId,
        nextArgsRepr,
        nextKwargsRepr,
        origin,
        ignoreResult,
        replacedTaskNesting,
        stampedHeaders,
        stamps,
        lang,
        nextCustom);
  }
}
