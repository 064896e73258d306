package dev.stalk.worker;

import dev.stalk.worker.config.AckMode;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a public method a task. Arguments are bound as Python binds them, by position and by name;
 * names need the class to be compiled with {@code -parameters}. A parameter of type {@link
 * TaskContext} is filled in by the worker, one of type {@link java.util.Optional} may be left out.
 * The method may throw anything and must be thread-safe, as several calls run at once. One that
 * returns a {@link java.util.concurrent.CompletionStage} ends when the stage does, and holds no
 * thread until then.
 *
 * <p>Times are texts as in the YAML file: {@code 250ms}, {@code 20s}, {@code 3m}, {@code 1h}. An
 * empty one means "as the queue's configuration says".
 *
 * <pre>{@code
 * @Task("tasks.add")
 * public int add(int x, int y) {
 *   return x + y;
 * }
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Task {
  /** The name under which callers of any language send it. */
  String value();

  /**
   * Whether results are stored only for callers who ask for them (celery's {@code ignore_result}).
   */
  boolean ignoreResult() default false;

  /** Whether failures are stored although the result is ignored. */
  boolean storeErrorsEvenIfIgnored() default false;

  /** When its messages are acknowledged; one value at most, the queue's if none. */
  AckMode[] ack() default {};

  /** Whether STARTED is stored when it begins, with the process and the worker's name. */
  boolean trackStarted() default false;

  /** After this long its thread is interrupted; see {@link SoftTimeLimitExceeded}. */
  String softTimeLimit() default "";

  /** After this long it is given up and stored as failed. */
  String timeLimit() default "";

  /**
   * How often it is retried after its first run; {@link RetryPolicy#UNLIMITED} for ever; one value
   * at most, the queue's if none.
   */
  int[] maxRetries() default {};

  /** The pause before a retry that names none (celery's {@code default_retry_delay}). */
  String retryDelay() default "";

  /**
   * What it is retried for without asking for it (celery's {@code autoretry_for}); what the queue
   * names if empty.
   */
  Class<? extends Throwable>[] autoRetryFor() default {};

  /** What it is not retried for all the same; what the queue names if empty. */
  Class<? extends Throwable>[] dontAutoRetryFor() default {};

  /**
   * The first pause of automatic retries, doubled for each further one, in whole seconds (celery's
   * {@code retry_backoff}); {@code 0s} for {@link #retryDelay} every time.
   */
  String retryBackoff() default "";

  /** The longest of these pauses. */
  String retryBackoffMax() default "";

  /**
   * Whether a pause is a random number of whole seconds up to the computed one; one value at most,
   * the queue's if none.
   */
  boolean[] retryJitter() default {};

  /**
   * How often it may begin on one worker: {@code 10/s}, {@code 100/m}, {@code 5/h}; 0 for no limit.
   */
  String rateLimit() default "";
}
