package dev.stalk.worker;

import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.codec.DeliveryTag;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Settlement;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One message on its way through a pool's thread: decode, admit, run, outcome. Ends once: either it
 * hands its outcome on, or it was taken back before that and whatever it does no longer counts.
 */
final class TaskExecution implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(TaskExecution.class);

  private enum Stage {
    WAITING,
    RUNNING,
    ENDED,
    TAKEN_BACK
  }

  /** Takes what came out of an execution. Called on the pool's thread. */
  interface Sink {
    /** The message was handled; this is to be written because of it. */
    void ended(TaskExecution execution, Settlement settlement);

    /** The place in the bulkhead is free again; called once, whatever happened. */
    void left(TaskExecution execution);
  }

  private final Delivery delivery;
  private final TaskRegistry registry;
  private final DeliveryLimit limit;
  private final ContentConfig content;
  private final WorkerMetrics.OfQueue metrics;
  private final Clock clock;
  private final Sink sink;
  private final long fetched = System.nanoTime();
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);

  // used by the pool's thread only
  private String taskName = WorkerMetrics.UNKNOWN_TASK;
  private long ran;
  private @Nullable String countedTag;
  private long deliveries = 1;

  /** Written by the pool's thread, read by whoever stops the worker. */
  private volatile @Nullable Thread runner;

  TaskExecution(
      Delivery delivery,
      TaskRegistry registry,
      DeliveryLimit limit,
      ContentConfig content,
      WorkerMetrics.OfQueue metrics,
      Clock clock,
      Sink sink) {
    this.delivery = delivery;
    this.registry = registry;
    this.limit = limit;
    this.content = content;
    this.metrics = metrics;
    this.clock = clock;
    this.sink = sink;
  }

  Delivery delivery() {
    return delivery;
  }

  /** Takes the message back unless it has begun. True if it will not be run. */
  boolean takeBackIfWaiting() {
    return stage.compareAndSet(Stage.WAITING, Stage.TAKEN_BACK);
  }

  /** Takes a running message back and interrupts its thread. True if its outcome will not count. */
  boolean takeBackRunning() {
    boolean taken = stage.compareAndSet(Stage.RUNNING, Stage.TAKEN_BACK);
    Thread thread = runner;
    if (taken && thread != null) {
      thread.interrupt();
    }
    return taken;
  }

  boolean isRunning() {
    return stage.get() == Stage.RUNNING;
  }

  @Override
  public void run() {
    try {
      runner = Thread.currentThread(); // first: whoever sees it running must find whom to interrupt
      if (stage.compareAndSet(Stage.WAITING, Stage.RUNNING)) {
        metrics.began(System.nanoTime() - fetched);
        Settlement settlement = settle();
        if (stage.compareAndSet(Stage.RUNNING, Stage.ENDED)) {
          sink.ended(this, settlement);
        }
      }
    } finally {
      runner = null;
      Thread.interrupted(); // an interrupt meant for this task must not meet the next one
      sink.left(this);
    }
  }

  /** Whatever user code does, also while its result is written, the message gets an end. */
  private Settlement settle() {
    try {
      return settlementOf(handleSafely());
    } catch (RuntimeException | Error e) {
      log.error(
          "{}: the outcome of a message cannot be written; it is quarantined", delivery.queue(), e);
      return new Settlement(
          delivery.tag(),
          List.of(
              new Effect.Quarantine(
                  delivery.queue(),
                  "its outcome could not be written",
                  deliveries,
                  delivery.message())));
    }
  }

  private Settlement settlementOf(Outcome outcome) {
    try {
      List<Effect> effects = new ArrayList<>(outcome.effects(delivery, clock.instant(), content));
      if (countedTag != null) {
        effects.add(new Effect.ForgetDeliveries(countedTag));
      }
      Settlement settlement = new Settlement(delivery.tag(), effects);
      metrics.ended(taskName, outcome.name(), ran);
      return settlement;
    } catch (RuntimeException | StackOverflowError e) {
      if (outcome instanceof Outcome.Succeeded succeeded) {
        log.error("{}: the result of a task cannot be written", delivery.queue(), e);
        return settlementOf(succeeded.unencodable(e));
      }
      throw e;
    }
  }

  /** Whatever goes wrong on the way to the task, a huge message for instance, is an outcome too. */
  private Outcome handleSafely() {
    try {
      return handle();
    } catch (RuntimeException | Error e) {
      log.error("{}: a message could not be handled and is quarantined", delivery.queue(), e);
      return new Outcome.NotRunnable(
          null, Exceptions.remote(e), "could not be handled: " + e, deliveries);
    }
  }

  private Outcome handle() {
    TaskMessage message;
    try {
      message = MessageCodec.decode(delivery.message(), content);
    } catch (MalformedMessageException e) {
      return malformed(e);
    }
    RegisteredTask task = registry.find(message.headers().task());
    if (task == null) {
      return unknown(message.headers());
    }
    taskName = task.name();
    Outcome refused = admit(message, task);
    if (refused == null && message.properties().redelivered()) {
      refused = admitAgain(message.headers());
    }
    return refused == null ? run(message, task) : refused;
  }

  /**
   * A message that has been with a worker before may be what ended that worker. What counts is how
   * often it was begun, not how often it was fetched: those that only waited behind it are
   * innocent.
   */
  private @Nullable Outcome admitAgain(TaskHeaders headers) {
    String tag = DeliveryTag.of(delivery.message());
    if (limit.maxDeliveries() == 0 || tag == null) {
      return null;
    }
    countedTag = tag;
    deliveries = limit.count(tag);
    if (deliveries <= limit.maxDeliveries()) {
      return null;
    }
    deliveries--; // this time it does not begin
    String reason = "delivered " + deliveries + " times without an end";
    log.error("{}: message {} was {}; quarantined", delivery.queue(), headers.id(), reason);
    return new Outcome.NotRunnable(
        headers.id(),
        RemoteException.of("billiard.exceptions", "WorkerLostError", reason),
        reason,
        deliveries);
  }

  private Outcome malformed(MalformedMessageException e) {
    String reason = String.valueOf(e.getMessage());
    log.error("{}: a message cannot be read and is quarantined: {}", delivery.queue(), reason);
    return new Outcome.NotRunnable(
        e.taskId(),
        RemoteException.of("kombu.exceptions", "DecodeError", reason),
        reason,
        deliveries);
  }

  /** What keeps a message from being run now; null if nothing does. */
  private @Nullable Outcome admit(TaskMessage message, RegisteredTask task) {
    TaskHeaders headers = message.headers();
    Instant now = clock.instant();
    OffsetDateTime expires = headers.expires();
    if (expires != null && now.isAfter(expires.toInstant())) {
      log.info("Discarding revoked task: {}[{}]: expired", headers.task(), headers.id());
      return new Outcome.Expired(message, ignored(headers, task));
    }
    OffsetDateTime eta = headers.eta();
    if (eta != null && eta.toInstant().isAfter(now)) {
      return new Outcome.NotDue(eta.toInstant());
    }
    return unsupported(message);
  }

  private Outcome unknown(TaskHeaders headers) {
    log.error(
        "{}: no task is called {}; message {} is quarantined",
        delivery.queue(),
        headers.task(),
        headers.id());
    return new Outcome.NotRunnable(
        headers.id(),
        RemoteException.of("celery.exceptions", "NotRegistered", headers.task()),
        "no task is called " + headers.task(),
        deliveries);
  }

  /**
   * A workflow this worker cannot continue must not be begun: its rest would be lost in silence.
   */
  private @Nullable Outcome unsupported(TaskMessage message) {
    for (String part : List.of("chain", "callbacks", "chord")) {
      Object follows = message.body().embed().get(part);
      if (follows != null && !(follows instanceof List<?> list && list.isEmpty())) {
        String reason = "the message carries " + part + ", which this worker cannot continue yet";
        log.error("{}: {}; task {}", delivery.queue(), reason, message.headers().id());
        return new Outcome.NotRunnable(
            message.headers().id(),
            RemoteException.of("builtins", "NotImplementedError", reason),
            reason,
            deliveries);
      }
    }
    return null;
  }

  private Outcome run(TaskMessage message, RegisteredTask task) {
    boolean ignored = ignored(message.headers(), task);
    TaskContext context = new TaskContext(delivery.queue(), message);
    long start = System.nanoTime();
    try {
      Object value = task.handler().run(context, context.arguments());
      return new Outcome.Succeeded(message, value, ignored);
    } catch (Throwable error) { // the one place where what user code throws becomes an outcome
      report(message.headers(), error);
      return new Outcome.Failed(
          message, Exceptions.remote(error), Exceptions.traceback(error), ignored);
    } finally {
      ran = System.nanoTime() - start;
    }
  }

  private void report(TaskHeaders headers, Throwable error) {
    if (stage.get() == Stage.TAKEN_BACK) {
      log.info(
          "Task {}[{}] was interrupted; its message is back in its queue",
          headers.displayName(),
          headers.id());
    } else {
      log.error("Task {}[{}] raised", headers.displayName(), headers.id(), error);
    }
  }

  /** The header decides, where it says anything (celery 5.6.3 {@code app/trace.py}). */
  private static boolean ignored(TaskHeaders headers, RegisteredTask task) {
    Boolean header = headers.ignoreResult();
    return header == null ? task.ignoreResult() : header;
  }
}
