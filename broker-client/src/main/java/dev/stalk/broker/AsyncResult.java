package dev.stalk.broker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.codec.ResultTuple;
import dev.stalk.broker.codec.Values;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.BrokerInterruptedException;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.ResultBackend;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;

/**
 * The result of a task, wherever it runs (celery {@code result.py:AsyncResult}). Waiting uses the
 * broker's announcements, never polling. Thread-safe; usable until its client is closed.
 *
 * <pre>{@code
 * int sum = client.send(TaskSignature.of("tasks.add", 2, 3)).get(Integer.class, Duration.ofSeconds(5));
 * }</pre>
 */
public final class AsyncResult {
  private static final Duration FOREVER = Duration.ofDays(36_500);
  private static final Duration RETRY_PAUSE = Duration.ofMillis(100);

  private final String id;
  private final ResultBackend backend;
  private final ContentConfig content;
  private final Executor callbacks;

  AsyncResult(String id, ResultBackend backend, ContentConfig content, Executor callbacks) {
    this.id = id;
    this.backend = backend;
    this.content = content;
    this.callbacks = callbacks;
  }

  /** The task's id. */
  public String id() {
    return id;
  }

  /** Reads the state now; PENDING if nothing is stored. */
  public TaskState state() {
    return result().state();
  }

  /** Reads everything that is stored now. */
  public TaskResult result() {
    return backend.get(id);
  }

  /**
   * The tasks that this one sent, in their order: those it sent while it ran, its callbacks, the
   * next step of its chain, and while its state is RETRY itself (celery {@code
   * result.py:AsyncResult.children}). Of a group its members stand there. Empty if it sent none, or
   * nothing is stored yet; all are there once it has ended.
   *
   * @throws BrokerUnavailableException if the broker is away
   */
  public List<AsyncResult> children() {
    return ResultTuple.taskIds(result().children()).stream()
        .map(child -> new AsyncResult(child, backend, content, callbacks))
        .toList();
  }

  /** Deletes what is stored about the task. */
  public void forget() {
    backend.forget(id);
  }

  /**
   * Waits for the return value.
   *
   * @param type what the value is to be read as: a box, a record, a bean; null values become null
   * @param timeout the longest wait, zero to look once
   * @return the value
   * @throws TaskFailedException if the task failed or was revoked
   * @throws ResultTimeoutException if no final result came in time
   * @throws IllegalArgumentException if the value does not fit the type
   * @throws BrokerInterruptedException if the thread is interrupted; its flag is set again
   */
  @SuppressWarnings("unchecked")
  public <T> @Nullable T get(Class<T> type, Duration timeout) {
    return (T) get((Type) type, timeout);
  }

  /**
   * As {@link #get(Class, Duration)}, for generic types: {@code new TypeReference<List<Item>>()
   * {}}.
   */
  @SuppressWarnings("unchecked")
  public <T> @Nullable T get(TypeReference<T> type, Duration timeout) {
    return (T) get(type.getType(), timeout);
  }

  private @Nullable Object get(Type type, Duration timeout) {
    return Values.convert(value(await(timeout)), type);
  }

  /**
   * Waits for the final result, whatever it is, and throws nothing for a failed task.
   *
   * @throws ResultTimeoutException if none came in time
   * @throws BrokerUnavailableException if the broker stayed away all that time
   * @throws BrokerInterruptedException if the thread is interrupted; its flag is set again
   */
  public TaskResult await(Duration timeout) {
    Duration bounded = timeout.compareTo(FOREVER) > 0 ? FOREVER : timeout;
    long deadline = System.nanoTime() + bounded.toNanos();
    CompletableFuture<byte[]> ready = new CompletableFuture<>();
    ResultBackend.Watch watch = watch(ready, deadline);
    try {
      long left = Math.max(0, deadline - System.nanoTime());
      return ResultCodec.decode(id, ready.get(left, TimeUnit.NANOSECONDS), content);
    } catch (TimeoutException e) {
      throw new ResultTimeoutException(id, timeout);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("nobody completes this future with an exception", e);
    } finally {
      watch.close();
    }
  }

  /** Sets up the watch; a broker that is away is tried again for as long as the caller waits. */
  private ResultBackend.Watch watch(CompletableFuture<byte[]> ready, long deadline) {
    while (true) {
      try {
        return backend.watch(id, ready::complete);
      } catch (BrokerUnavailableException e) {
        if (System.nanoTime() + RETRY_PAUSE.toNanos() > deadline) {
          throw e;
        }
        pause();
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(RETRY_PAUSE.toMillis());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private BrokerInterruptedException interrupted(InterruptedException e) {
    return new BrokerInterruptedException("interrupted while waiting for task " + id, e);
  }

  /**
   * A future of the return value, completed on a thread of the client's own. It fails with {@link
   * TaskFailedException} if the task does. Cancelling it, or its {@code orTimeout}, ends the wait
   * and leaves nothing behind; it does not stop the task.
   *
   * @param type what the value is to be read as
   * @throws dev.stalk.broker.transport.BrokerException if the wait cannot be set up
   */
  public <T> CompletableFuture<@Nullable T> future(Class<T> type) {
    return future((Type) type);
  }

  /** As {@link #future(Class)}, for generic types. */
  public <T> CompletableFuture<@Nullable T> future(TypeReference<T> type) {
    return future(type.getType());
  }

  @SuppressWarnings("unchecked")
  private <T> CompletableFuture<@Nullable T> future(Type type) {
    CompletableFuture<@Nullable T> future = new CompletableFuture<>();
    ResultBackend.Watch watch =
        backend.watch(id, meta -> callbacks.execute(() -> complete(future, meta, type)));
    var unused = future.whenComplete((value, error) -> watch.close());
    return future;
  }

  @SuppressWarnings("unchecked")
  private <T> void complete(CompletableFuture<@Nullable T> future, byte[] meta, Type type) {
    try {
      future.complete((T) Values.convert(value(ResultCodec.decode(id, meta, content)), type));
    } catch (RuntimeException e) {
      future.completeExceptionally(e);
    }
  }

  private static @Nullable Object value(TaskResult result) {
    if (result.state().isFailed()) {
      RemoteException failure = result.failure();
      throw new TaskFailedException(
          result, failure == null ? new RemoteException("", null, List.of()) : failure);
    }
    return result.value();
  }

  @Override
  public String toString() {
    return "AsyncResult[" + id + "]";
  }
}
