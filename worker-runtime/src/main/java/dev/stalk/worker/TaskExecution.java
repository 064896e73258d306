package dev.stalk.worker;

import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.worker.config.AckMode;
import dev.stalk.worker.config.TaskConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One message on its way through a pool's thread: decode, admit, run, outcome. Ends once: it hands
 * its outcome on; or it is stopped by force, which is an outcome too; or it is taken back before
 * that, and whatever it does no longer counts.
 */
final class TaskExecution implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(TaskExecution.class);

  private enum Stage {
    WAITING,
    RUNNING,
    ENDED,
    TAKEN_BACK
  }

  /** Takes what comes out of an execution. */
  interface Sink {
    /** The message is to be acknowledged now; {@link TaskExecution#acknowledged} is the answer. */
    void acknowledge(Settlement acknowledgement);

    /** The message was handled; this is to be written because of it. */
    void ended(TaskExecution execution, Settlement settlement);

    /** The task was stopped by force: it has ended, and its thread may be about to leave. */
    void stopped(TaskExecution execution);

    /** The task goes on without its thread; its place is kept. Called before its thread leaves. */
    void goesOn(TaskExecution execution);

    /** The place in the bulkhead is free again; called once, unless it is stuck. */
    void left(TaskExecution execution);

    /** This thread was to leave and does not; called once, instead of {@link #left}. */
    void stuck(TaskExecution execution, Thread thread);
  }

  private final Delivery delivery;
  private final WorkerServices services;
  private final WorkerMetrics.OfQueue metrics;
  private final Sink sink;
  private final Guard guard;
  private final Admission admission;
  private final long fetched = System.nanoTime();

  /** The same by the worker's time; known only if monitors are told. */
  private final long fetchedAt;

  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);
  private List<Future<?>> limits = List.of(); // guarded by lock

  /** Whoever interrupts the runner holds it, so that the interrupt meets no later task. */
  private final Object lock = new Object();

  private @Nullable Thread runner; // guarded by lock
  private boolean left; // guarded by lock
  private volatile long begunAt;

  /** It was not taken back before its thread came to it. */
  private volatile boolean entered;

  /** The user's code has begun. Written under the lock once, read by whoever stops the task. */
  private volatile @Nullable TaskCall call;

  /** Listeners were told so. */
  private volatile boolean started;

  /** Sent to the broker, answered by {@link #acknowledgement}. */
  private volatile @Nullable Settlement acknowledging;

  /** Made only where it is needed. */
  private volatile @Nullable CompletableFuture<Boolean> acknowledgement;

  /** What monitors are told when it is settled. */
  private volatile List<Event> closing = List.of();

  /** What the task goes on doing after its thread has left. */
  private volatile @Nullable CompletionStage<?> pending;

  TaskExecution(
      Delivery delivery,
      TaskConfig config,
      WorkerServices services,
      WorkerMetrics.OfQueue metrics,
      Sink sink) {
    this(delivery, config, services, metrics, sink, Guard.NONE);
  }

  TaskExecution(
      Delivery delivery,
      TaskConfig config,
      WorkerServices services,
      WorkerMetrics.OfQueue metrics,
      Sink sink,
      Guard guard) {
    this.delivery = delivery;
    this.services = services;
    this.fetchedAt = services.events() == null ? 0 : services.timer().time().nanoTime();
    this.metrics = metrics;
    this.sink = sink;
    this.guard = guard;
    this.admission = new Admission(delivery, config, services, guard);
  }

  Delivery delivery() {
    return delivery;
  }

  boolean isRunning() {
    return stage.get() == Stage.RUNNING;
  }

  /** Whether it has neither begun nor been taken back. */
  boolean isWaiting() {
    return stage.get() == Stage.WAITING;
  }

  /** Whether a thread has begun with it, whatever became of it then. */
  boolean hasBegun() {
    return entered;
  }

  // ---- on the pool's thread

  @Override
  public void run() {
    synchronized (lock) { // first: whoever sees it running must find whom to interrupt
      runner = Thread.currentThread();
    }
    try {
      if (stage.compareAndSet(Stage.WAITING, Stage.RUNNING)) {
        entered = true;
        metrics.began(System.nanoTime() - fetched);
        handle();
      }
    } finally {
      synchronized (lock) {
        runner = null;
      }
      Thread.interrupted(); // an interrupt meant for this task must not meet the next one
      Admission.forgetLogContext();
      if (pending == null) {
        leave();
      }
    }
  }

  /** Whatever goes wrong on the way to the task, a huge message for instance, is an outcome too. */
  private void handle() {
    Outcome refused;
    try {
      refused = admission.admit();
    } catch (RuntimeException | Error e) {
      refused = unhandled(e);
    }
    Admission.Admitted admitted = admission.admitted();
    if (refused != null || admitted == null) {
      end(refused == null ? unhandled(new IllegalStateException("nothing was read")) : refused);
    } else if (admitted.ack() == AckMode.LATE || acknowledge()) {
      begin(admitted);
    }
  }

  private Outcome unhandled(Throwable e) {
    log.error("{}: a message could not be handled and is quarantined", delivery.queue(), e);
    return new Outcome.NotRunnable(
        services.content(),
        null,
        services.exceptions().remote(e),
        "could not be handled: " + e,
        admission.deliveries());
  }

  /** Has the message acknowledged, and waits for it. False if the task is not to begin. */
  private boolean acknowledge() {
    Settlement settlement = new Settlement(delivery.tag(), List.of());
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    acknowledgement = answer;
    acknowledging = settlement;
    sink.acknowledge(settlement);
    boolean ours = false;
    try {
      ours = answer.get();
    } catch (InterruptedException e) {
      log.debug("{}: taken back while it was being acknowledged", delivery.tag(), e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("nobody completes this future with an exception", e);
    }
    if (!ours) {
      stage.compareAndSet(Stage.RUNNING, Stage.ENDED);
    }
    return ours;
  }

  private void begin(Admission.Admitted admitted) {
    TaskCall begun;
    synchronized (lock) {
      if (stage.get() != Stage.RUNNING) {
        return;
      }
      begun =
          new TaskCall(
              delivery, admitted, admission.deliveries(), services, admission.config().retry());
      call = begun;
    }
    if (admission.isRevoked(admitted)) { // meanwhile
      end(Admission.revoked(admitted, "revoked"));
      return;
    }
    TaskListener listener = services.listener();
    listener.received(admitted.context());
    watch(admitted.link(), begun);
    started = true;
    listener.started(admitted.context());
    tellBegin(admitted);
    tellWaiting(admitted);
    begunAt = System.nanoTime();
    Outcome outcome;
    try {
      trackStarted(admitted);
      Object value = begun.run();
      if (value instanceof CompletionStage<?> promised) {
        endWith(promised, begun, admitted.link());
        return;
      }
      outcome = begun.returned(value);
      tellGuard(outcome, null);
    } catch (Throwable error) { // user code may throw anything
      outcome = threw(begun, error);
      tellGuard(outcome, error);
    }
    end(outcome);
  }

  private void tellBegin(Admission.Admitted admitted) {
    WorkerEvents events = services.events();
    if (events != null) {
      Duration ago = Duration.ofNanos(services.timer().time().nanoTime() - fetchedAt);
      events.begins(admitted.message().headers(), services.clock().instant().minus(ago));
    }
  }

  private void tellWaiting(Admission.Admitted admitted) {
    if (admitted.message().properties().redelivered()) {
      metrics.redelivered();
    }
    Duration waited = admission.waited();
    if (waited != null) {
      metrics.waitedInAll(waited);
    }
  }

  /**
   * Success or failure, for the breakers. What was stopped is told by whoever stopped it; a task
   * that ignores or rejects its message has done neither well nor badly.
   */
  private void tellGuard(Outcome outcome, @Nullable Throwable error) {
    if (stage.get() != Stage.RUNNING) {
      return;
    }
    if (error == null) {
      guard.ended(System.nanoTime() - begunAt, null);
    } else if (outcome instanceof Outcome.Failed || outcome instanceof Outcome.Retried) {
      Throwable cause = error instanceof RetryTask ? error.getCause() : null;
      guard.ended(System.nanoTime() - begunAt, cause == null ? error : cause);
    }
  }

  /** Celery {@code app/trace.py:trace_task}. That a task begins is not worth failing for. */
  private void trackStarted(Admission.Admitted admitted) {
    boolean tracked = admitted.task().options().trackStarted() || admission.config().trackStarted();
    if (!tracked || admitted.results().isIgnored()) {
      return;
    }
    try {
      admitted
          .link()
          .store(
              TaskState.STARTED,
              Map.of("pid", ProcessHandle.current().pid(), "hostname", services.node()));
    } catch (RuntimeException e) {
      log.warn("that task {} has started could not be stored", admitted.results().taskId(), e);
    }
  }

  private Outcome threw(TaskCall begun, Throwable error) {
    if (stage.get() == Stage.RUNNING) {
      return begun.threw(error);
    }
    log.info("{}: a task that was stopped has left", delivery.tag(), error);
    return new Outcome.Ignored(); // dropped: somebody else has decided
  }

  // ---- after its thread has left

  /**
   * Frees the thread; the place is kept until the stage completes. Whoever interrupted the thread
   * before meant the stage too, unless the task has noticed and returned it all the same.
   */
  private void endWith(CompletionStage<?> promised, TaskCall begun, TaskLink link) {
    synchronized (lock) { // from now on it is what is interrupted
      pending = promised;
    }
    sink.goesOn(this);
    boolean unnoticed = Thread.currentThread().isInterrupted();
    if (stage.get() != Stage.RUNNING || (unnoticed && link.isSoftTimeLimitExceeded())) {
      cancelPending();
    }
    var unused =
        promised.whenComplete(
            (value, error) -> {
              try {
                Throwable thrown = error == null ? null : unwrapped(error);
                Outcome outcome = thrown == null ? begun.returned(value) : threw(begun, thrown);
                tellGuard(outcome, thrown);
                end(outcome);
              } finally {
                leave();
              }
            });
  }

  private static Throwable unwrapped(Throwable error) {
    Throwable cause = error.getCause();
    boolean wrapper = error instanceof CompletionException || error instanceof ExecutionException;
    return wrapper && cause != null ? cause : error;
  }

  // ---- the end

  private record Ending(Outcome outcome, Settlement settlement) {}

  private boolean end(Outcome outcome) {
    Ending ending = ending(outcome);
    if (!stage.compareAndSet(Stage.RUNNING, Stage.ENDED)) {
      return false;
    }
    Admission.Admitted admitted = admission.admitted();
    if (admitted != null) {
      admitted.link().cut();
      ending.outcome().tell(services.listener(), admitted.context());
      if (started) {
        services.listener().ended(admitted.context());
      }
    }
    TaskCall begun = call;
    metrics.ended(
        admission.taskName(), ending.outcome().name(), begun == null ? 0 : begun.runNanos());
    count(ending.settlement());
    if (ending.outcome() instanceof Outcome.Succeeded
        && admitted != null
        && admission.config().deduplicateSuccessfulTasks()) {
      services.successes().add(admitted.results().taskId());
    }
    synchronized (lock) {
      limits.forEach(limit -> limit.cancel(false));
    }
    announce(ending.outcome(), ending.settlement().effects());
    sink.ended(this, ending.settlement());
    return true;
  }

  /** Has monitors told of it, once it is settled. */
  private void announce(Outcome outcome, List<Effect> effects) {
    WorkerEvents events = services.events();
    if (events != null) {
      Admission.Admitted admitted = admission.admitted();
      String id = admitted == null ? null : admitted.results().taskId();
      closing = events.of(outcome, id, effects);
    }
  }

  private void count(Settlement settlement) {
    for (Effect effect : settlement.effects()) {
      if (effect instanceof Effect.Quarantine) {
        metrics.quarantined(1);
      } else if (effect instanceof Effect.Park) {
        metrics.parked();
      }
    }
  }

  /** Whatever user code does, also while its result is written, the message gets an end. */
  private Ending ending(Outcome outcome) {
    try {
      return settled(outcome);
    } catch (RuntimeException | Error e) {
      log.error(
          "{}: the outcome of a message cannot be written; it is quarantined", delivery.queue(), e);
      Outcome unwritten =
          new Outcome.NotRunnable(
              services.content(),
              null,
              RemoteException.of("builtins", "RuntimeError", String.valueOf(e)),
              "its outcome could not be written",
              admission.deliveries());
      return new Ending(
          unwritten, settlement(unwritten.effects(delivery, services.clock().instant())));
    }
  }

  private Ending settled(Outcome outcome) {
    List<Effect> effects;
    try {
      effects = outcome.effects(delivery, services.clock().instant());
    } catch (RuntimeException | StackOverflowError e) {
      TaskCall begun = call;
      if (outcome instanceof Outcome.Succeeded && begun != null) {
        return settled(begun.unwritable(e));
      }
      throw e;
    }
    String counted = admission.countedTag();
    if (counted != null && outcome.isEnd()) {
      effects = new ArrayList<>(effects);
      effects.add(new Effect.ForgetDeliveries(counted));
    }
    return new Ending(outcome, settlement(effects));
  }

  private Settlement settlement(List<Effect> effects) {
    return acknowledging == null
        ? new Settlement(delivery.tag(), effects)
        : Settlement.afterAcknowledgement(delivery.tag(), effects);
  }

  private void leave() {
    synchronized (lock) {
      if (!left) {
        left = true;
        guard.left();
        sink.left(this);
      }
    }
  }

  // ---- time limits, on the timer's thread

  private void watch(TaskLink link, TaskCall begun) {
    Duration soft = link.softTimeLimit();
    Duration hard = link.timeLimit();
    if (soft == null && hard == null) {
      return;
    }
    link.begin(services.clock().instant());
    synchronized (lock) {
      limits = new ArrayList<>(2);
      if (soft != null) {
        limits.add(later(soft, () -> softTimeLimit(link)));
      }
      if (hard != null) {
        limits.add(
            later(hard, () -> stop(begun.timedOut(), new TimeoutException("time limit exceeded"))));
      }
    }
  }

  private Future<?> later(Duration delay, Runnable action) {
    return services.timer().after(delivery.queue(), delay, action);
  }

  private void softTimeLimit(TaskLink link) {
    synchronized (lock) {
      if (stage.get() != Stage.RUNNING) {
        return;
      }
      log.warn("Soft time limit ({}) exceeded for {}", link.softTimeLimit(), delivery.tag());
      link.softTimeLimitExceeded();
      interrupt();
    }
  }

  /**
   * Stops the task by force: this is its outcome, and whatever it still does no longer counts. Its
   * thread is interrupted; if it has not left after a while, its place is given to another.
   *
   * @param failure what breakers are told; null if the task is not to blame
   */
  private boolean stop(Outcome outcome, @Nullable Throwable failure) {
    if (!end(outcome)) {
      return false;
    }
    if (failure != null) {
      guard.ended(System.nanoTime() - begunAt, failure);
    }
    sink.stopped(this);
    interrupt();
    var unused = later(services.grace(), this::giveUp);
    return true;
  }

  private void giveUp() {
    synchronized (lock) {
      Thread thread = runner;
      if (!left && thread != null) {
        left = true;
        guard.left();
        sink.stuck(this, thread);
      } else if (!left && pending != null) {
        leave(); // it cannot be cancelled, and holds no thread
      }
    }
  }

  private void interrupt() {
    synchronized (lock) {
      if (pending != null) {
        cancelPending(); // its thread leaves, or has left
      } else if (runner != null) {
        runner.interrupt();
      }
    }
  }

  private void cancelPending() {
    CompletionStage<?> promised = pending;
    if (promised == null) {
      return;
    }
    try {
      promised.toCompletableFuture().cancel(true);
    } catch (UnsupportedOperationException e) {
      log.warn("{}: an asynchronous task cannot be cancelled", delivery.tag(), e);
    }
  }

  // ---- called by whoever stops the worker, or the task

  /** Takes the message back unless it has begun. True if it will not be run. */
  boolean takeBackIfWaiting() {
    return stage.compareAndSet(Stage.WAITING, Stage.TAKEN_BACK);
  }

  /** Takes a running message back and interrupts its thread. True if its outcome will not count. */
  boolean takeBackRunning() {
    synchronized (lock) {
      if (!stage.compareAndSet(Stage.RUNNING, Stage.TAKEN_BACK)) {
        return false;
      }
      Admission.Admitted admitted = admission.admitted();
      if (call != null && admitted != null) {
        admitted.link().cut();
      }
      limits.forEach(limit -> limit.cancel(false));
      interrupt();
      return true;
    }
  }

  /**
   * What is written for a message that was taken back. It goes back to its queue; but one that was
   * acknowledged and has begun may have done half its work, and nobody expects it to run again.
   */
  Settlement takenBack() {
    TaskCall begun = call;
    if (acknowledging != null && begun != null) {
      Outcome lost = begun.lost();
      List<Effect> effects = lost.effects(delivery, services.clock().instant());
      announce(lost, effects);
      return settlement(effects);
    }
    WorkerEvents events = services.events();
    Admission.Admitted admitted = admission.admitted();
    if (events != null && started && admitted != null) {
      closing = events.cancelled(admitted.results().taskId());
    }
    return settlement(List.of(Outcome.returned(delivery)));
  }

  /** Whether this is the settlement it waits for before it begins. */
  boolean awaits(Settlement settlement) {
    return acknowledging != null && settlement.claim() == Settlement.Claim.HELD;
  }

  /** The message is acknowledged and no longer held; or it was somebody else's. */
  void acknowledged(boolean ours) {
    CompletableFuture<Boolean> answer = acknowledgement;
    if (answer != null) {
      answer.complete(ours);
    }
  }

  /** What came out of it is in the broker: monitors may know. */
  void settled() {
    List<Event> last = closing;
    WorkerEvents events = services.events();
    if (!last.isEmpty() && events != null) {
      closing = List.of();
      last.forEach(events::tell);
    }
  }

  /** What came out of it could not be written, and its message is put aside. */
  void unwritten() {
    announce(Outcome.unwritten(services.content(), admission.deliveries()), List.of());
  }

  /** Whether the message is still recorded under its tag, as far as this side knows. */
  boolean holdsMessage() {
    CompletableFuture<Boolean> answer = acknowledgement;
    return answer == null || !answer.isDone();
  }

  /** Stops the task by force if it is this one and runs. */
  boolean terminate(String taskId) {
    TaskCall begun = call;
    return begun != null && begun.isOf(taskId) && isRunning() && stop(begun.terminated(), null);
  }
}
