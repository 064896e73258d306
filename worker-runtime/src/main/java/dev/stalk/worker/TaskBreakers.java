package dev.stalk.worker;

import dev.stalk.worker.config.BreakerConfig;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A circuit breaker for each task name of one queue, made when the task is first met. Names are
 * those of registered tasks, so their number is bounded. Thread-safe.
 */
final class TaskBreakers {
  private final BiFunction<String, BreakerConfig, QueueBreaker> maker;
  private final Map<String, QueueBreaker> breakers = new ConcurrentHashMap<>();
  private volatile @Nullable BreakerConfig config;

  /**
   * @param config null for no breakers
   * @param maker makes one for a task
   */
  TaskBreakers(
      @Nullable BreakerConfig config, BiFunction<String, BreakerConfig, QueueBreaker> maker) {
    this.config = config;
    this.maker = maker;
  }

  @Nullable QueueBreaker of(String task) {
    BreakerConfig current = config;
    if (current == null) {
      return null;
    }
    QueueBreaker breaker = breakers.get(task); // cheaper than computing, and nearly always there
    return breaker != null
        ? breaker
        : breakers.computeIfAbsent(task, name -> maker.apply(name, current));
  }

  /** Those that are there, by task. */
  Map<String, QueueBreaker> all() {
    return Map.copyOf(breakers);
  }

  /** Takes over a new configuration; each continues in its state. */
  void change(@Nullable BreakerConfig changed) {
    config = changed;
    if (changed == null) {
      breakers.clear();
    } else {
      breakers.replaceAll(
          (task, before) -> {
            QueueBreaker breaker = maker.apply(task, changed);
            breaker.continueFrom(before);
            return breaker;
          });
    }
  }
}
