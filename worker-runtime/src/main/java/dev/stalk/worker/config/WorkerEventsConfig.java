package dev.stalk.worker.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a worker tells monitors such as Flower and {@code celery events}. Immutable; an invalid one
 * cannot be made.
 *
 * @param task whether it tells what happens to tasks; off by default (Celery's {@code
 *     worker_send_task_events}, {@code celery worker -E})
 * @param heartbeat how often it tells that it lives, and with that when it begins and ends; 100 ms
 *     to 1 h, or zero for never (Celery's {@code --heartbeat-interval} and {@code
 *     --without-heartbeat}); null, the default, for {@link #DEFAULT_HEARTBEAT} if it tells what
 *     happens to tasks, and never if not
 */
public record WorkerEventsConfig(boolean task, @Nullable Duration heartbeat) {
  public static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(2);

  /** Tells nothing. */
  public static final WorkerEventsConfig NONE = new WorkerEventsConfig(false, null);

  private static final Duration SHORTEST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofHours(1);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the heartbeat is out of its range
   */
  public WorkerEventsConfig {
    if (heartbeat != null && !heartbeat.isZero()) {
      Ranges.check("heartbeat", SHORTEST, LONGEST, heartbeat);
    }
  }

  /** How often there is a heartbeat in the end; zero for never. */
  public Duration effectiveHeartbeat() {
    if (heartbeat != null) {
      return heartbeat;
    }
    return task ? DEFAULT_HEARTBEAT : Duration.ZERO;
  }

  /** Whether it tells anything. */
  public boolean isAny() {
    return task || !effectiveHeartbeat().isZero();
  }

  /** The same, and what happens to tasks. */
  public WorkerEventsConfig withTask() {
    return new WorkerEventsConfig(true, heartbeat);
  }
}
