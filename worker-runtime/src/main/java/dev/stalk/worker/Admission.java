package dev.stalk.worker;

import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.DeliveryTag;
import dev.stalk.broker.codec.MalformedMessageException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.worker.config.AckMode;
import dev.stalk.worker.config.TaskConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Reads a fetched message and decides whether it is run now, in Celery's order (celery {@code
 * worker/strategy.py:default}): known, expired, revoked, due, and then the limits of our own. Used
 * by the one thread that handles the message, until it is read by others after that.
 */
final class Admission {
  private static final Logger log = LoggerFactory.getLogger(Admission.class);

  /** What log lines of the task's thread carry; the first two are Celery's names. */
  private static final String MDC_ID = "task_id";

  private static final String MDC_NAME = "task_name";
  private static final String MDC_QUEUE = "queue";

  private static final double LONGEST_WAIT_SECONDS = 365 * 86_400.0;

  /**
   * What may be run.
   *
   * @param followUps what comes after it; null if this worker cannot do it
   */
  record Admitted(
      TaskMessage message,
      RegisteredTask task,
      ResultWriter results,
      TaskContext context,
      TaskLink link,
      AckMode ack,
      @Nullable FollowUps followUps) {}

  private final Delivery delivery;
  private final TaskConfig config;
  private final WorkerServices services;
  private final Guard guard;
  private String taskName = WorkerMetrics.UNKNOWN_TASK;
  private @Nullable Admitted admitted;
  private @Nullable String countedTag;
  private long deliveries = 1;
  private String unknownPart = "";

  Admission(Delivery delivery, TaskConfig config, WorkerServices services, Guard guard) {
    this.delivery = delivery;
    this.config = config;
    this.services = services;
    this.guard = guard;
  }

  TaskConfig config() {
    return config;
  }

  /** The registered name; {@link WorkerMetrics#UNKNOWN_TASK} if there is none. */
  String taskName() {
    return taskName;
  }

  /** What was read; null if no known task is named. */
  @Nullable Admitted admitted() {
    return admitted;
  }

  /** Under what the message's deliveries are counted; null if they are not. */
  @Nullable String countedTag() {
    return countedTag;
  }

  /** How often the message was begun, this time included. */
  long deliveries() {
    return deliveries;
  }

  /** What keeps the message from being run now; null if nothing does. */
  @Nullable Outcome admit() {
    TaskMessage message;
    try {
      message = MessageCodec.decode(delivery.message(), services.content());
    } catch (MalformedMessageException e) {
      return malformed(e);
    }
    RegisteredTask task = services.registry().find(message.headers().task());
    if (task == null) {
      return unknown(message.headers());
    }
    taskName = task.name();
    MDC.put(MDC_ID, message.headers().id());
    MDC.put(MDC_NAME, taskName);
    MDC.put(MDC_QUEUE, delivery.queue());
    Instant now = services.clock().instant();
    Admitted read = read(message, task, now);
    admitted = read;
    Outcome refused = refused(read, now);
    if (refused == null) {
      refused = refusedByBreaker();
    }
    if (refused == null && message.properties().redelivered()) {
      refused = refusedAgain(read);
    }
    return refused;
  }

  /** What is parked because its task's breaker is open has not begun, and is not counted so. */
  private @Nullable Outcome refusedByBreaker() {
    Duration wait = guard.admit(taskName);
    return wait == null ? null : new Outcome.BreakerOpen(services.clock().instant().plus(wait));
  }

  /** The thread's log lines are no longer about this message. */
  static void forgetLogContext() {
    MDC.remove(MDC_ID);
    MDC.remove(MDC_NAME);
    MDC.remove(MDC_QUEUE);
  }

  /**
   * How long the message has waited, by what it says of when it was sent and was to run; null if it
   * does not say. Clocks may disagree: a message from the future has not waited. A retry that
   * Python sent carries the time of its first attempt, and says nothing.
   */
  @Nullable Duration waited() {
    Admitted read = admitted;
    if (read == null) {
      return null;
    }
    TaskHeaders headers = read.message().headers();
    if (!(headers.custom().get(MessageFactory.SENT_AT) instanceof Number sent)
        || (headers.retries() > 0 && headers.lang().equals("py"))) {
      return null;
    }
    double since = sent.doubleValue();
    if (headers.eta() != null) {
      since = Math.max(since, headers.eta().toInstant().toEpochMilli() / 1000.0);
    }
    double seconds = Math.max(0, services.clock().millis() / 1000.0 - since);
    return seconds < LONGEST_WAIT_SECONDS ? Duration.ofMillis(Math.round(seconds * 1000)) : null;
  }

  private Admitted read(TaskMessage message, RegisteredTask task, Instant now) {
    TaskOptions options = task.options();
    TaskHeaders headers = message.headers();
    ResultWriter results =
        new ResultWriter(
            message, options, config, services.node(), delivery.queue(), services.content());
    TaskLink link =
        new TaskLink(
            services,
            results,
            limit(headers.softTimeLimit(), options.softTimeLimit(), config.softTimeLimit()),
            limit(headers.timeLimit(), options.timeLimit(), config.timeLimit()));
    TaskContext context = new TaskContext(delivery.queue(), message, link);
    AckMode ack = options.ack() == null ? config.ack() : options.ack();
    return new Admitted(message, task, results, context, link, ack, followUps(message, now));
  }

  private @Nullable FollowUps followUps(TaskMessage message, Instant now) {
    try {
      return FollowUps.of(
          message,
          services.messages(),
          route -> services.transport().queues().queues(route),
          services.content(),
          now);
    } catch (IllegalArgumentException e) {
      unknownPart = String.valueOf(e.getMessage());
      return null;
    }
  }

  /** The message's own limit, the task's, the queue's; 0 counts as none at each. */
  private static @Nullable Duration limit(
      @Nullable Double message, @Nullable Duration task, @Nullable Duration queue) {
    if (message != null && message > 0) {
      return Duration.ofNanos((long) Math.min(message * 1e9, Long.MAX_VALUE / 2.0));
    }
    return task == null ? queue : task;
  }

  private Outcome malformed(MalformedMessageException e) {
    String reason = OneLine.of(String.valueOf(e.getMessage()));
    log.error("{}: a message cannot be read and is quarantined: {}", delivery.queue(), reason);
    return new Outcome.NotRunnable(
        services.content(),
        e.taskId(),
        RemoteException.of("kombu.exceptions", "DecodeError", reason),
        reason,
        deliveries);
  }

  private Outcome unknown(TaskHeaders headers) {
    String name = OneLine.of(headers.task());
    log.error(
        "{}: no task is called {}; message {} is quarantined",
        delivery.queue(),
        name,
        OneLine.of(headers.id()));
    return new Outcome.NotRunnable(
        services.content(),
        headers.id(),
        RemoteException.of("celery.exceptions", "NotRegistered", name),
        "no task is called " + name,
        deliveries);
  }

  private @Nullable Outcome refused(Admitted read, Instant now) {
    TaskHeaders headers = read.message().headers();
    OffsetDateTime expires = headers.expires();
    if (expires != null && now.isAfter(expires.toInstant())) {
      services.revoked().add(headers.id());
      return revoked(read, "expired");
    }
    if (isRevoked(read)) {
      return revoked(read, "revoked");
    }
    OffsetDateTime eta = headers.eta();
    if (eta != null && eta.toInstant().isAfter(now)) {
      return new Outcome.NotDue(eta.toInstant());
    }
    TaskRate rate = read.task().options().rateLimit();
    if (rate != null) {
      Instant start = services.rates().admit(taskName, headers.id(), rate);
      if (start != null) {
        return new Outcome.NotDue(start);
      }
    }
    return unsupported(read);
  }

  boolean isRevoked(Admitted read) {
    return services.revoked().contains(read.message().headers());
  }

  static Outcome revoked(Admitted read, String reason) {
    TaskHeaders headers = read.message().headers();
    log.info(
        "Discarding revoked task: {}[{}]: {}",
        OneLine.of(headers.displayName()),
        OneLine.of(headers.id()),
        reason);
    return new Outcome.Revoked(read.results(), reason);
  }

  /**
   * A workflow this worker cannot continue must not be begun: its rest would be lost in silence.
   */
  private @Nullable Outcome unsupported(Admitted read) {
    if (read.followUps() != null) {
      return null;
    }
    String reason =
        OneLine.of(
            "the message carries " + unknownPart + ", which this worker cannot continue yet");
    String id = read.message().headers().id();
    log.error("{}: {}; task {}", delivery.queue(), reason, OneLine.of(id));
    return new Outcome.NotRunnable(
        services.content(),
        id,
        RemoteException.of("builtins", "NotImplementedError", reason),
        reason,
        deliveries);
  }

  /**
   * A message that has been with a worker before may be what ended that worker. What counts is how
   * often it was begun, not how often it was fetched: those that only waited behind it are
   * innocent.
   */
  private @Nullable Outcome refusedAgain(Admitted read) {
    String id = read.message().headers().id();
    if (config.deduplicateSuccessfulTasks() && read.ack() == AckMode.LATE && hasSucceeded(id)) {
      log.info("Task {}[{}] has completed successfully before", taskName, OneLine.of(id));
      return new Outcome.Duplicate();
    }
    DeliveryLimit limit = services.limit();
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
    log.error("{}: message {} was {}; quarantined", delivery.queue(), OneLine.of(id), reason);
    return new Outcome.NotRunnable(
        services.content(),
        id,
        RemoteException.of("billiard.exceptions", "WorkerLostError", reason),
        reason,
        deliveries);
  }

  /** Celery {@code app/trace.py:trace_task}: known here, or to the result backend. */
  private boolean hasSucceeded(String id) {
    if (services.successes().contains(id)) {
      return true;
    }
    try {
      return services.transport().results().get(id).state().equals(TaskState.SUCCESS);
    } catch (BrokerException | MalformedMessageException e) {
      log.warn(
          "whether task {} has succeeded before is not known: {}", OneLine.of(id), e.getMessage());
      return false;
    }
  }
}
