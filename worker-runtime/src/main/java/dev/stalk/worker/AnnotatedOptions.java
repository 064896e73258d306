package dev.stalk.worker;

import dev.stalk.worker.config.AckMode;
import dev.stalk.worker.config.Durations;
import dev.stalk.worker.config.RateLimit;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the options of a {@link Task} annotation. */
final class AnnotatedOptions {
  private final Method method;

  private AnnotatedOptions(Method method) {
    this.method = method;
  }

  /**
   * The options a method is annotated with.
   *
   * @throws IllegalArgumentException if one cannot be read, naming the method and the option
   */
  static TaskOptions of(Method method, Task task) {
    return new AnnotatedOptions(method).read(task);
  }

  private TaskOptions read(Task task) {
    refuseSeveral("ack", task.ack().length);
    refuseSeveral("maxRetries", task.maxRetries().length);
    refuseSeveral("retryJitter", task.retryJitter().length);
    AckMode ack = task.ack().length == 0 ? null : task.ack()[0];
    Duration softTimeLimit = duration("softTimeLimit", task.softTimeLimit());
    Duration timeLimit = duration("timeLimit", task.timeLimit());
    try {
      return TaskOptions.builder()
          .ignoreResult(task.ignoreResult())
          .storeErrorsEvenIfIgnored(task.storeErrorsEvenIfIgnored())
          .ack(ack)
          .trackStarted(task.trackStarted())
          .softTimeLimit(softTimeLimit)
          .timeLimit(timeLimit)
          .retry(retry(task))
          .rateLimit(parsed("rateLimit", task.rateLimit(), AnnotatedOptions::rate))
          .build();
    } catch (IllegalArgumentException e) {
      throw e.getMessage() != null && e.getMessage().startsWith("task method") ? e : wrong("", e);
    }
  }

  private void refuseSeveral(String option, int values) {
    if (values > 1) {
      throw wrong(option + ": ", new IllegalArgumentException("more than one value"));
    }
  }

  private RetryPolicy retry(Task task) {
    return RetryPolicy.builder()
        .maxRetries(task.maxRetries().length == 0 ? null : (Integer) task.maxRetries()[0])
        .delay(duration("retryDelay", task.retryDelay()))
        .autoRetryFor(List.of(task.autoRetryFor()))
        .dontAutoRetryFor(List.of(task.dontAutoRetryFor()))
        .backoff(duration("retryBackoff", task.retryBackoff()))
        .backoffMax(duration("retryBackoffMax", task.retryBackoffMax()))
        .jitter(task.retryJitter().length == 0 ? null : (Boolean) task.retryJitter()[0])
        .build();
  }

  private @Nullable Duration duration(String option, String text) {
    return parsed(option, text, Durations::parse);
  }

  /** Celery's 0 is no limit. */
  private static @Nullable TaskRate rate(String text) {
    return RateLimit.perSecond(text) == 0 ? null : TaskRate.parse(text);
  }

  private <T> @Nullable T parsed(String option, String text, Function<String, @Nullable T> parser) {
    try {
      return text.isEmpty() ? null : parser.apply(text);
    } catch (IllegalArgumentException e) {
      throw wrong(option + " = \"" + text + "\": ", e);
    }
  }

  private IllegalArgumentException wrong(String where, IllegalArgumentException e) {
    return new IllegalArgumentException(
        "task method %s: %s%s".formatted(method, where, e.getMessage()), e);
  }
}
