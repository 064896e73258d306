package dev.stalk.worker;

import dev.stalk.broker.EventDispatcher;
import dev.stalk.broker.SentEvents;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.Event;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.Effect;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerEventsConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker tells monitors, if it tells anything: executions tell this when something happens,
 * and go on. How a task ended is told once its settlement is in the broker: whoever hears of it
 * finds the result. Thread-safe.
 */
final class WorkerEvents {
  private static final Logger log = LoggerFactory.getLogger(WorkerEvents.class);

  private final EventDispatcher dispatcher;
  private final WorkerEventsConfig told;
  private final boolean taskSent;
  private final LongAdder processed = new LongAdder();
  private final @Nullable Heartbeat heartbeat;

  /**
   * @param dispatcher publishes; closed by this
   * @param told what is told
   * @param taskSent whether tasks that tasks send are told of
   * @param time by which the worker tells that it lives
   * @param active how many tasks run
   */
  WorkerEvents(
      EventDispatcher dispatcher,
      WorkerEventsConfig told,
      boolean taskSent,
      WorkerTime time,
      IntSupplier active) {
    this.dispatcher = dispatcher;
    this.told = told;
    this.taskSent = taskSent;
    this.heartbeat =
        told.effectiveHeartbeat().isZero()
            ? null
            : new Heartbeat(dispatcher, told.effectiveHeartbeat(), time, active, processed::sum);
  }

  /** Whether a worker of this configuration tells anything. */
  static boolean isAny(WorkerConfig config, WorkerEventsConfig told) {
    return told.isAny() || config.broker().events().taskSent();
  }

  EventDispatcher dispatcher() {
    return dispatcher;
  }

  /** The worker begins. */
  void start() {
    if (heartbeat != null) {
      heartbeat.start();
    }
  }

  /** A task begins, whose message was fetched at this time. */
  void begins(TaskHeaders headers, Instant fetched) {
    processed.increment();
    if (told.task()) {
      dispatcher.send(TaskEvents.received(headers), fetched);
      dispatcher.send(TaskEvents.started(headers.id()));
    }
  }

  /**
   * What there will be to tell of an outcome, once it is settled: first of the tasks that are sent
   * with it, retries, callbacks, errbacks and steps of chains, then of itself (celery {@code
   * app/amqp.py:AMQP._create_task_sender}).
   *
   * @param id the task's; null if it is not known
   * @param effects what is written with it
   */
  List<Event> of(Outcome outcome, @Nullable String id, List<Effect> effects) {
    if (!taskSent && !told.task()) {
      return List.of();
    }
    List<Event> events = new ArrayList<>(1);
    try {
      if (taskSent) {
        addSent(effects, events);
      }
      Event end = told.task() ? outcome.event(id) : null;
      if (end != null) {
        events.add(end);
      }
    } catch (RuntimeException | StackOverflowError e) { // monitors are not worth failing for
      log.warn("monitors cannot be told that task {} has ended", id, e);
    }
    return events;
  }

  /** Of several copies of a message, one for each queue of its exchange, one is told of. */
  private static void addSent(List<Effect> effects, List<Event> events) {
    String last = null;
    for (Effect effect : effects) {
      if (effect instanceof Effect.Publish published) {
        TaskMessage sent = MessageCodec.withoutBody(published.publication().message());
        if (!sent.headers().id().equals(last)) {
          events.add(SentEvents.of(sent));
        }
        last = sent.headers().id();
      }
    }
  }

  /** What there will be to tell of a task that was interrupted and goes back to its queue. */
  List<Event> cancelled(String id) {
    return told.task() ? List.of(TaskEvents.cancelled(id)) : List.of();
  }

  /** Tells it. */
  void tell(Event event) {
    dispatcher.send(event);
  }

  /** A task has sent another. */
  void sent(TaskMessage message) {
    if (taskSent) {
      dispatcher.send(SentEvents.of(message));
    }
  }

  /**
   * The worker has ended: tells so, and all that is left to tell.
   *
   * @param patience how long that may take
   */
  void close(Duration patience) {
    if (heartbeat != null) {
      heartbeat.stop();
    }
    dispatcher.close(patience);
  }
}
