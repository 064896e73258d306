package dev.stalk.worker;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells several listeners, one after the other; what one throws is logged and no more. */
final class TaskListeners implements TaskListener {
  private static final Logger log = LoggerFactory.getLogger(TaskListeners.class);

  private final List<TaskListener> listeners;

  TaskListeners(List<TaskListener> listeners) {
    this.listeners = List.copyOf(listeners);
  }

  private void tell(TaskContext context, Consumer<TaskListener> message) {
    for (TaskListener listener : listeners) {
      try {
        message.accept(listener);
      } catch (RuntimeException | Error e) {
        log.error("a listener failed for task {}[{}]", context.task(), context.id(), e);
      }
    }
  }

  @Override
  public void received(TaskContext context) {
    tell(context, listener -> listener.received(context));
  }

  @Override
  public void started(TaskContext context) {
    tell(context, listener -> listener.started(context));
  }

  @Override
  public void succeeded(TaskContext context, @Nullable Object value, Duration runtime) {
    tell(context, listener -> listener.succeeded(context, value, runtime));
  }

  @Override
  public void failed(TaskContext context, Throwable error) {
    tell(context, listener -> listener.failed(context, error));
  }

  @Override
  public void retried(TaskContext context, @Nullable Throwable cause, @Nullable Instant eta) {
    tell(context, listener -> listener.retried(context, cause, eta));
  }

  @Override
  public void ignored(TaskContext context) {
    tell(context, listener -> listener.ignored(context));
  }

  @Override
  public void rejected(TaskContext context, boolean requeue) {
    tell(context, listener -> listener.rejected(context, requeue));
  }

  @Override
  public void revoked(TaskContext context, String reason) {
    tell(context, listener -> listener.revoked(context, reason));
  }

  @Override
  public void ended(TaskContext context) {
    tell(context, listener -> listener.ended(context));
  }
}
