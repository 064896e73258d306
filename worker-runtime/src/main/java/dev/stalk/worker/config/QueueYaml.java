package dev.stalk.worker.config;

import dev.stalk.broker.transport.QueueOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What one section says of a compartment: the settings it holds, ready to be laid over others. Each
 * value is tried alone first, so that a refusal is that value's alone.
 */
final class QueueYaml {
  /** A section that says nothing. */
  static final QueueYaml NOTHING = new QueueYaml();

  private static final Duration NONE = Duration.ZERO;

  private final List<Consumer<QueueConfig.Builder>> settings = new ArrayList<>();

  /**
   * What this section says of tasks, laid over the defaults: what contradicts itself shows here.
   */
  private TaskConfig tasks = TaskConfig.DEFAULT;

  private QueueYaml() {}

  /** Reads a section; what is wrong with it becomes a problem, and is left out. */
  static QueueYaml read(YamlSection section) {
    QueueYaml queue = new QueueYaml();
    queue.readAll(section);
    return queue;
  }

  void applyTo(QueueConfig.Builder builder) {
    settings.forEach(setting -> setting.accept(builder));
  }

  /** Keeps a setting if a configuration that has it, and else the defaults, can be made. */
  private void add(Consumer<QueueConfig.Builder> setting) {
    QueueConfig.Builder alone = QueueConfig.builder();
    setting.accept(alone);
    var unused = alone.build();
    settings.add(setting);
  }

  private void readAll(YamlSection section) {
    section.word("queue-order-strategy", QueueOrder.class, order -> add(b -> b.queueOrder(order)));
    section.bool(
        "virtual-threads",
        on -> add(b -> b.type(on ? BulkheadType.SEMAPHORE : BulkheadType.THREADPOOL)));
    section.integer("threads", count -> add(b -> b.threads(count)));
    section.integer("buffer", count -> add(b -> b.buffer(count)));
    section.integer("read-ahead", count -> add(b -> b.readAhead(count)));
    section.section("thread-pool-bulkhead", part -> readThreadPool(section, part));
    section.section("bulkhead", part -> readSemaphore(section, part));
    section.section("autoscale", part -> readAutoscale(section, part));
    section.size("memory-limit", bytes -> add(b -> b.memoryLimit(bytes)));
    section.text("rate-limit", text -> addRate(text));
    section.section("rate-limiter", part -> readRateLimiter(section, part));
    TaskYaml.read(section, this::addOfTasks);
    section.section("circuit-breaker", part -> readCircuitBreaker(section, part));
    section.section("task-circuit-breaker", part -> readTaskCircuitBreaker(section, part));
  }

  private void addOfTasks(UnaryOperator<TaskConfig> change) {
    tasks = change.apply(tasks);
    settings.add(builder -> builder.tasks(change.apply(builder.tasks())));
  }

  private void readThreadPool(YamlSection queue, YamlSection pool) {
    if (pool.isPresent()) {
      refuseBoth(queue, "bulkhead", "thread-pool-bulkhead");
      add(b -> b.type(BulkheadType.THREADPOOL));
    }
    pool.integer(
        "max-thread-pool-size",
        count -> {
          refuseSecond(queue, "threads");
          Ranges.check("max-thread-pool-size", 1, QueueConfig.MAX_THREADS, count);
          add(b -> b.threads(count));
        });
    pool.integer(
        "core-thread-pool-size",
        count -> {
          Ranges.check("core-thread-pool-size", 1, QueueConfig.MAX_THREADS, count);
          settings.add(b -> b.coreThreads(count));
        });
    pool.integer(
        "queue-capacity",
        count -> {
          refuseSecond(queue, "buffer");
          Ranges.check("queue-capacity", 0, QueueConfig.MAX_BUFFER, count);
          add(b -> b.buffer(count));
        });
    pool.duration("keep-alive-duration", time -> add(b -> b.keepAlive(time)));
  }

  private void readSemaphore(YamlSection queue, YamlSection semaphore) {
    if (semaphore.isPresent()) {
      semaphore.check("", () -> add(b -> b.type(BulkheadType.SEMAPHORE)));
    }
    semaphore.integer(
        "max-concurrent-calls",
        count -> {
          refuseSecond(queue, "threads");
          Ranges.check("max-concurrent-calls", 1, QueueConfig.MAX_THREADS, count);
          add(b -> b.threads(count));
        });
  }

  private static void refuseBoth(YamlSection queue, String one, String other) {
    queue.check(
        other,
        () -> {
          if (queue.has(one)) {
            throw new IllegalArgumentException(
                "a queue has either %s or %s; leave one out".formatted(one, other));
          }
        });
  }

  private static void refuseSecond(YamlSection queue, String other) {
    if (queue.has(other)) {
      throw new IllegalArgumentException(
          "says the same as %s; leave one of them out".formatted(other));
    }
  }

  private void readAutoscale(YamlSection queue, YamlSection autoscale) {
    AutoscaleSettings given = new AutoscaleSettings();
    autoscale.integer(
        "min-threads", count -> given.min = new AutoscaleConfig(count, 10_000, NONE).minThreads());
    autoscale.integer(
        "max-threads", count -> given.max = new AutoscaleConfig(1, count, NONE).maxThreads());
    autoscale.duration(
        "keep-alive",
        time -> {
          AutoscaleConfig.checkKeepAlive(time);
          given.keepAlive = time;
        });
    if (autoscale.isPresent()) {
      queue.check(
          "autoscale",
          () -> {
            given.check(queue);
            settings.add(given::applyTo);
          });
    }
  }

  /** What a section says of autoscaling; the rest is as it was. */
  private static final class AutoscaleSettings {
    private @Nullable Integer min;
    private @Nullable Integer max;
    private @Nullable Duration keepAlive;

    void check(YamlSection queue) {
      if (queue.has("threads")) {
        throw new IllegalArgumentException("takes the place of threads; leave one of them out");
      }
      if (min != null && max != null) {
        var unused = new AutoscaleConfig(min, max, NONE);
      }
    }

    void applyTo(QueueConfig.Builder builder) {
      @Nullable AutoscaleConfig before = builder.autoscale();
      if (before == null) {
        before = new AutoscaleConfig(1, builder.threads(), AutoscaleConfig.DEFAULT_KEEP_ALIVE);
      }
      builder.autoscale(
          new AutoscaleConfig(
              or(min, before.minThreads()),
              or(max, before.maxThreads()),
              keepAlive == null ? before.keepAlive() : keepAlive));
    }

    private static int or(@Nullable Integer given, int otherwise) {
      return given == null ? otherwise : given;
    }
  }

  private void addRate(String text) {
    @Nullable RateLimit rate = RateLimit.perSecond(text) == 0 ? null : RateLimit.parse(text);
    add(b -> b.rateLimit(rate));
  }

  private void readRateLimiter(YamlSection queue, YamlSection limiter) {
    if (limiter.isPresent()) {
      refuseBoth(queue, "rate-limit", "rate-limiter");
    }
    limiter.integer(
        "limit-for-period",
        count -> {
          var unused = new RateLimit(count, Duration.ofSeconds(1));
          settings.add(b -> b.rateLimit(new RateLimit(count, period(b))));
        });
    limiter.duration(
        "limit-refresh-period",
        time -> {
          var unused = new RateLimit(1, time);
          settings.add(b -> b.rateLimit(new RateLimit(limit(b), time)));
        });
  }

  /** Resilience4j's own defaults are 50 in 500 ns, which limits nothing; a second is our period. */
  private static Duration period(QueueConfig.Builder builder) {
    @Nullable RateLimit before = builder.rateLimit();
    return before == null ? Duration.ofSeconds(1) : before.limitRefreshPeriod();
  }

  private static int limit(QueueConfig.Builder builder) {
    @Nullable RateLimit before = builder.rateLimit();
    return before == null ? 50 : before.limitForPeriod();
  }

  private void readCircuitBreaker(YamlSection queue, YamlSection section) {
    BreakerYaml breaker = BreakerYaml.read(section);
    if (section.isPresent() || queue.has("circuit-breaker")) {
      settings.add(b -> b.circuitBreaker(breaker.over(b.circuitBreaker())));
    }
  }

  private void readTaskCircuitBreaker(YamlSection queue, YamlSection section) {
    BreakerYaml breaker = BreakerYaml.read(section);
    if (section.isPresent() || queue.has("task-circuit-breaker")) {
      settings.add(b -> b.taskCircuitBreaker(breaker.over(b.taskCircuitBreaker())));
    }
  }
}
