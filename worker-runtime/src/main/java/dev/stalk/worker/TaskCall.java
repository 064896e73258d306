package dev.stalk.worker;

import dev.stalk.broker.QueueNotFoundException;
import dev.stalk.broker.codec.EncodingException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.codec.ResultTooLargeException;
import dev.stalk.broker.codec.ResultTuple;
import dev.stalk.broker.message.RemoteException;
import dev.stalk.broker.message.TaskHeaders;
import dev.stalk.broker.message.TaskMessage;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.worker.config.AckMode;
import dev.stalk.worker.config.RetryConfig;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The call of one task: runs the user's code, and is the one place where what it returns or throws
 * becomes an outcome.
 */
final class TaskCall {
  private static final Logger log = LoggerFactory.getLogger(TaskCall.class);
  private static final int MOST_CAUSES = 20;

  private final Delivery delivery;
  private final FollowUps followUps;
  private final Admission.Admitted admitted;
  private final long deliveries;
  private final WorkerServices services;
  private final RetryRule retries;
  private final long start = System.nanoTime();

  /**
   * @param ofQueue how the queue's tasks are retried where they do not say so themselves
   */
  TaskCall(
      Delivery delivery,
      Admission.Admitted admitted,
      long deliveries,
      WorkerServices services,
      RetryConfig ofQueue) {
    this.retries = new RetryRule(admitted.task().options().retry(), ofQueue);
    this.followUps = Objects.requireNonNull(admitted.followUps(), "what follows is known");
    this.delivery = delivery;
    this.admitted = admitted;
    this.deliveries = deliveries;
    this.services = services;
  }

  private TaskHeaders headers() {
    return admitted.message().headers();
  }

  boolean isOf(String taskId) {
    return headers().id().equals(taskId);
  }

  private List<@Nullable Object> children() {
    return admitted.link().children();
  }

  long runNanos() {
    return System.nanoTime() - start;
  }

  /** Calls the interceptors and the task. */
  @Nullable Object run() throws Exception {
    TaskHandler handler = admitted.task().handler();
    List<TaskInterceptor> interceptors = services.interceptors();
    for (int i = interceptors.size() - 1; i >= 0; i--) {
      TaskInterceptor interceptor = interceptors.get(i);
      TaskHandler next = handler;
      handler = (context, arguments) -> interceptor.intercept(context, arguments, next);
    }
    return handler.run(admitted.context(), admitted.context().arguments());
  }

  Outcome returned(@Nullable Object value) {
    return new Outcome.Succeeded(
        admitted.results(), followUps, value, Duration.ofNanos(runNanos()), children());
  }

  /** Whatever a task throws. */
  Outcome threw(Throwable thrown) {
    Throwable error = thrown;
    if (admitted.link().isSoftTimeLimitExceeded() && isInterruption(thrown)) {
      error = new SoftTimeLimitExceeded(thrown);
    }
    if (error instanceof IgnoreTask) {
      log.info("Task {}[{}] ignored", headers().displayName(), headers().id());
      return new Outcome.Ignored();
    }
    if (error instanceof RejectTask reject) {
      return rejected(reject);
    }
    if (error instanceof RetryTask retry) {
      return retried(retry);
    }
    if (retries.retries(error)) {
      Duration delay = retries.automaticDelay(headers().retries(), ThreadLocalRandom.current());
      return retried(RetryTask.after(delay).because(error));
    }
    return failed(error);
  }

  /** What the interrupt of a soft time limit may have become on its way out of the task. */
  private static boolean isInterruption(Throwable thrown) {
    Throwable at = thrown;
    for (int i = 0; at != null && i < MOST_CAUSES; i++, at = at.getCause()) {
      if (at instanceof InterruptedException
          || at instanceof ClosedByInterruptException
          || at instanceof CancellationException
          || (at instanceof InterruptedIOException && !(at instanceof SocketTimeoutException))) {
        return true;
      }
    }
    return false;
  }

  private Outcome failed(Throwable error) {
    log.error("Task {}[{}] raised", headers().displayName(), headers().id(), error);
    return failure("failure", error, services.exceptions().remote(error), traceback(error));
  }

  private static String traceback(Throwable error) {
    return Exceptions.traceback(error);
  }

  private Outcome failure(
      String name, Throwable error, RemoteException failure, @Nullable String traceback) {
    return new Outcome.Failed(
        name, admitted.results(), followUps, error, failure, traceback, children(), deliveries);
  }

  /**
   * What becomes of a success whose value cannot be stored, or handed on to what follows (celery
   * {@code backends/redis.py}, {@code app/trace.py:trace_task}). Named after what happened.
   */
  Outcome unwritable(Throwable error) {
    log.error("{}: what comes of a task cannot be written", delivery.queue(), error);
    return failure("failure", error, unwritten(error), traceback(error));
  }

  private RemoteException unwritten(Throwable error) {
    String why = String.valueOf(error.getMessage());
    if (error instanceof ResultTooLargeException) {
      return RemoteException.of("celery.exceptions", "BackendStoreError", why);
    }
    return error instanceof QueueNotFoundException || error instanceof BrokerException
        ? services.exceptions().remote(error)
        : RemoteException.of("kombu.exceptions", "EncodeError", why);
  }

  /** The hard time limit (celery {@code worker/request.py:Request.on_timeout}). */
  Outcome timedOut() {
    Duration limit = admitted.link().timeLimit();
    double seconds = limit == null ? 0 : limit.toNanos() / 1e9;
    log.error(
        "Hard time limit ({}s) exceeded for {}[{}]",
        seconds,
        headers().displayName(),
        headers().id());
    Object argument = seconds == Math.rint(seconds) ? (Object) (long) seconds : (Object) seconds;
    RemoteException failure =
        RemoteException.of("billiard.exceptions", "TimeLimitExceeded", argument);
    return failure(
        "timeout", new java.util.concurrent.TimeoutException("hard time limit"), failure, null);
  }

  /** It was stopped by somebody (celery {@code worker/request.py:Request.terminate}). */
  Outcome terminated() {
    return Admission.revoked(admitted, "terminated");
  }

  /** The worker stops, and the message is acknowledged already: nobody will run it again. */
  Outcome lost() {
    String reason = "the worker was stopped before the task had ended";
    return failure(
        "lost",
        new IllegalStateException(reason),
        RemoteException.of("billiard.exceptions", "WorkerLostError", reason),
        null);
  }

  private Outcome rejected(RejectTask reject) {
    String reason = String.valueOf(reject.getMessage());
    log.warn("Task {}[{}] rejected: {}", headers().displayName(), headers().id(), reason);
    RemoteException failure =
        RemoteException.of("celery.exceptions", "Reject", reason, reject.isRequeue());
    if (admitted.ack() == AckMode.EARLY) { // nothing is left to reject
      return failure("rejected", reject, failure, null);
    }
    if (reject.isRequeue()) {
      return new Outcome.Returned();
    }
    return new Outcome.Discarded(
        admitted.results(), followUps, failure, "rejected by its task: " + reason, deliveries);
  }

  /** Celery {@code app/task.py:Task.retry}. */
  private Outcome retried(RetryTask retry) {
    Integer own = retry.maxRetries();
    if (!RetryRule.allows(headers().retries(), own == null ? retries.maxRetries() : own)) {
      return exhausted(retry);
    }
    Instant now = services.clock().instant();
    Instant eta = eta(retry, now);
    Throwable cause = retry.getCause();
    String when = eta == null ? "now" : "in " + seconds(Duration.between(now, eta)) + "s";
    String said =
        "Retry " + when + (cause == null ? "" : ": " + MessageCodec.repr(cause.toString()));
    log.info("Task {}[{}] retry: {}", headers().displayName(), headers().id(), said);
    try {
      return new Outcome.Retried(
          admitted.results(),
          services.messages().publication(next(retry, eta, now)),
          eta,
          cause,
          cause == null ? null : services.exceptions().remote(cause),
          traceback(cause == null ? retry : cause) + "celery.exceptions.Retry: " + said + "\n",
          childrenAndItself());
    } catch (EncodingException | QueueNotFoundException e) {
      return failed(e); // arguments, or a queue, of the task's own making
    }
  }

  /** The next attempt is sent as any other task is, and bears this one's id. */
  private List<@Nullable Object> childrenAndItself() {
    List<@Nullable Object> all = new ArrayList<>(children());
    all.add(ResultTuple.ofTask(headers().id()));
    return all;
  }

  private static String seconds(Duration duration) {
    double seconds = duration.toMillis() / 1000.0;
    return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
  }

  private Outcome exhausted(RetryTask retry) {
    Throwable cause = retry.getCause();
    if (cause != null) {
      return failed(cause);
    }
    List<@Nullable Object> args = retry.args();
    Map<String, @Nullable Object> kwargs = retry.kwargs();
    String message =
        "Can't retry %s[%s] args:%s kwargs:%s"
            .formatted(
                headers().task(),
                headers().id(),
                args == null ? headers().argsRepr() : MessageCodec.argsRepr(args),
                kwargs == null ? headers().kwargsRepr() : MessageCodec.kwargsRepr(kwargs));
    log.error("{}", message);
    return failure(
        "failure",
        retry,
        RemoteException.of("celery.exceptions", "MaxRetriesExceededError", message),
        traceback(retry));
  }

  private @Nullable Instant eta(RetryTask retry, Instant now) {
    if (retry.eta() != null) {
      return retry.eta().isAfter(now) ? retry.eta() : null;
    }
    Duration countdown = retry.countdown() == null ? retries.delay() : retry.countdown();
    return countdown.isZero() || countdown.isNegative() ? null : now.plus(countdown);
  }

  /** The same message to the queue it came from, unless the task says otherwise. */
  private TaskMessage next(RetryTask retry, @Nullable Instant eta, Instant now) {
    String queue = retry.queue();
    if (queue != null) {
      services.messages().requireQueue(queue);
    }
    return services
        .messages()
        .nextAttempt(
            admitted.message(),
            queue == null ? delivery.queue() : queue,
            retry.args(),
            retry.kwargs(),
            eta,
            now);
  }
}
