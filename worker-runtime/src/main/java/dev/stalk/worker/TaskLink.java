package dev.stalk.worker;

import dev.stalk.broker.TaskSender;
import dev.stalk.broker.codec.ResultTuple;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What connects a running task to its worker: it publishes, stores states, and keeps the time. Cut
 * once the task has ended, so that a task that was given up but still runs writes nothing more.
 * Thread-safe.
 */
final class TaskLink {
  private final WorkerServices services;
  private final ResultWriter results;
  private final @Nullable Duration softTimeLimit;
  private final @Nullable Duration timeLimit;
  private @Nullable List<@Nullable Object> children; // guarded by this; null until one is sent
  private volatile @Nullable Instant began;
  private volatile boolean softTimeLimitExceeded;
  private volatile boolean cut;

  TaskLink(
      WorkerServices services,
      ResultWriter results,
      @Nullable Duration softTimeLimit,
      @Nullable Duration timeLimit) {
    this.services = services;
    this.results = results;
    this.softTimeLimit = softTimeLimit;
    this.timeLimit = timeLimit;
  }

  String worker() {
    return services.node();
  }

  @Nullable Duration softTimeLimit() {
    return softTimeLimit;
  }

  @Nullable Duration timeLimit() {
    return timeLimit;
  }

  void begin(Instant now) {
    began = now;
  }

  @Nullable Instant deadline() {
    Instant start = began;
    Duration first = softTimeLimit == null ? timeLimit : softTimeLimit;
    return start == null || first == null ? null : start.plus(first);
  }

  void softTimeLimitExceeded() {
    softTimeLimitExceeded = true;
  }

  boolean isSoftTimeLimitExceeded() {
    return softTimeLimitExceeded;
  }

  /** From now on the task writes nothing. */
  void cut() {
    cut = true;
  }

  /** What the task has sent so far, as Celery's result tuples. */
  synchronized List<@Nullable Object> children() {
    return children == null
        ? List.of()
        : Collections.unmodifiableList(new ArrayList<>(children)); // more may be sent meanwhile
  }

  private synchronized void addChild(String id) {
    if (children == null) {
      children = new ArrayList<>();
    }
    children.add(ResultTuple.ofTask(id));
  }

  String send(TaskMessage parent, TaskSignature signature) {
    checkUncut();
    TaskMessage message = services.messages().child(parent, signature);
    new TaskSender(services.transport(), services.messages()).send(List.of(message));
    WorkerEvents events = services.events();
    if (events != null) {
      events.sent(message);
    }
    if (!Boolean.FALSE.equals(signature.options().addToParent())) {
      addChild(message.headers().id());
    }
    return message.headers().id();
  }

  void updateState(String state, @Nullable Object meta) {
    checkUncut();
    TaskState changed = new TaskState(state);
    if (changed.holdsException()
        || changed.equals(TaskState.SUCCESS)
        || changed.equals(TaskState.PENDING)) {
      throw new IllegalArgumentException(
          state + " is written by the worker alone; choose another name, such as PROGRESS");
    }
    store(changed, meta);
  }

  void store(TaskState state, @Nullable Object meta) {
    byte[] stored = results.progress(state, meta, children());
    services.transport().results().store(results.taskId(), stored);
  }

  private void checkUncut() {
    if (cut) {
      throw new IllegalStateException(
          "task %s has ended or was stopped; it can write nothing more"
              .formatted(results.taskId()));
    }
  }
}
