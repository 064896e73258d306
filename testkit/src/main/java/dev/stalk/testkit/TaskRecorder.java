package dev.stalk.testkit;

import dev.stalk.worker.TaskContext;
import dev.stalk.worker.TaskListener;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what becomes of tasks, and lets a test wait for it. A listener: give it to {@link
 * dev.stalk.worker.Worker.Builder#listener}. It is told just before the outcome is written: who
 * needs the result waits for that. Thread-safe.
 *
 * <pre>{@code
 * recorder.await("tasks.add", Outcome.RETRIED);
 * clock.advance(Duration.ofMinutes(3));
 * assertThat(recorder.await("tasks.add", Outcome.SUCCEEDED).value()).isEqualTo(5);
 * }</pre>
 */
public final class TaskRecorder implements TaskListener {
  /** How long the methods without a patience of their own wait, by the system's time. */
  public static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What may become of a message. */
  public enum Outcome {
    /** It has begun. */
    STARTED,
    /** It returned a value. */
    SUCCEEDED,
    /** It failed for good. */
    FAILED,
    /** It will run again. */
    RETRIED,
    /** It asked to be ignored. */
    IGNORED,
    /** It rejected its message. */
    REJECTED,
    /** It was not run, or stopped by force. */
    REVOKED
  }

  /**
   * Something that happened to a task.
   *
   * @param task the task's name
   * @param id the task's id
   * @param outcome what happened
   * @param retries how often it had been retried before
   * @param value what it returned; null if it returned nothing, or has not
   * @param error what it threw, or what made a retry necessary; null if nothing
   */
  public record Event(
      String task,
      String id,
      Outcome outcome,
      int retries,
      @Nullable Object value,
      @Nullable Throwable error) {}

  private final List<Event> events = new ArrayList<>(); // guarded by this

  /** Has written down nothing yet. */
  public TaskRecorder() {}

  /** Everything that has happened so far, in order. */
  public synchronized List<Event> events() {
    return List.copyOf(events);
  }

  /** What has happened so far to tasks of this name, in order. */
  public List<Event> events(String task) {
    return events().stream().filter(event -> event.task().equals(task)).toList();
  }

  /**
   * Waits until a task of this name has succeeded.
   *
   * @return its first success
   * @throws AssertionError if none does within {@link #PATIENCE}, with what happened instead
   */
  public Event await(String task) {
    return await(task, Outcome.SUCCEEDED);
  }

  /**
   * Waits until this has happened to a task of this name.
   *
   * @return the first time it did
   * @throws AssertionError if it does not within {@link #PATIENCE}, with what happened instead
   */
  public Event await(String task, Outcome outcome) {
    return await(task, outcome, 1).get(0);
  }

  /**
   * Waits until this has happened to tasks of this name as often as that.
   *
   * @return all the times it did, at least {@code times}
   * @throws AssertionError if it does not within {@link #PATIENCE}, with what happened instead
   */
  public List<Event> await(String task, Outcome outcome, int times) {
    return await(
        "%d × %s %s".formatted(times, task, outcome),
        event -> event.task().equals(task) && event.outcome() == outcome,
        times,
        PATIENCE);
  }

  /**
   * Waits for so many events of a kind.
   *
   * @param what says it in the error
   * @param kind which count
   * @param times how many
   * @param patience how long at most, by the system's time
   * @throws AssertionError if they do not come in time, with what happened instead
   */
  public synchronized List<Event> await(
      String what, Predicate<Event> kind, int times, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    List<Event> found = events.stream().filter(kind).toList();
    while (found.size() < times) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new AssertionError(
            "in vain for %s: %s; instead: %s".formatted(patience, what, events));
      }
      try {
        wait(1 + left / 1_000_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
      found = events.stream().filter(kind).toList();
    }
    return found;
  }

  /** Forgets what has happened so far. */
  public synchronized void clear() {
    events.clear();
  }

  private synchronized void add(
      TaskContext context, Outcome outcome, @Nullable Object value, @Nullable Throwable error) {
    events.add(new Event(context.task(), context.id(), outcome, context.retries(), value, error));
    notifyAll();
  }

  @Override
  public void started(TaskContext context) {
    add(context, Outcome.STARTED, null, null);
  }

  @Override
  public void succeeded(TaskContext context, @Nullable Object value, Duration runtime) {
    add(context, Outcome.SUCCEEDED, value, null);
  }

  @Override
  public void failed(TaskContext context, Throwable error) {
    add(context, Outcome.FAILED, null, error);
  }

  @Override
  public void retried(TaskContext context, @Nullable Throwable cause, @Nullable Instant eta) {
    add(context, Outcome.RETRIED, null, cause);
  }

  @Override
  public void ignored(TaskContext context) {
    add(context, Outcome.IGNORED, null, null);
  }

  @Override
  public void rejected(TaskContext context, boolean requeue) {
    add(context, Outcome.REJECTED, null, null);
  }

  @Override
  public void revoked(TaskContext context, String reason) {
    add(context, Outcome.REVOKED, null, null);
  }
}
