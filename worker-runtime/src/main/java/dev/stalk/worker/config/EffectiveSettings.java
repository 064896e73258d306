package dev.stalk.worker.config;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.security.MessageSecurity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Lists every setting of a configuration with its value and where that came from. */
final class EffectiveSettings {
  private static final String DEFAULT = "default";

  private interface Getter<T> extends Function<T, Object> {}

  /** Where one thing can be said in two ways, the second stands behind a bar. */
  private static final Map<String, Getter<QueueConfig>> OF_QUEUE = new LinkedHashMap<>();

  private static final Map<String, Getter<BreakerConfig>> OF_BREAKER = new LinkedHashMap<>();

  static {
    OF_QUEUE.put("queues", QueueConfig::queues);
    OF_QUEUE.put(
        "queue-order-strategy", queue -> queue.queueOrder().name().toLowerCase(Locale.ROOT));
    OF_QUEUE.put(
        "virtual-threads|bulkhead|thread-pool-bulkhead",
        queue -> queue.type() == BulkheadType.SEMAPHORE);
    OF_QUEUE.put(
        "threads|thread-pool-bulkhead.max-thread-pool-size|bulkhead.max-concurrent-calls"
            + "|autoscale.max-threads",
        QueueConfig::threads);
    OF_QUEUE.put("thread-pool-bulkhead.core-thread-pool-size", QueueConfig::coreThreads);
    OF_QUEUE.put("thread-pool-bulkhead.keep-alive-duration", QueueConfig::keepAlive);
    OF_QUEUE.put("buffer|thread-pool-bulkhead.queue-capacity", QueueConfig::buffer);
    OF_QUEUE.put("read-ahead", QueueConfig::readAhead);
    OF_QUEUE.put("autoscale.min-threads", q -> of(q.autoscale(), AutoscaleConfig::minThreads));
    OF_QUEUE.put("autoscale.keep-alive", q -> of(q.autoscale(), AutoscaleConfig::keepAlive));
    OF_QUEUE.put("memory-limit", queue -> Sizes.format(queue.memoryLimit()));
    OF_QUEUE.put(
        "rate-limit|rate-limiter.limit-for-period|rate-limiter.limit-refresh-period",
        queue -> of(queue.rateLimit(), RateLimit::toString));
    OF_QUEUE.put("ack", queue -> queue.tasks().ack().name().toLowerCase(Locale.ROOT));
    OF_QUEUE.put("soft-time-limit", queue -> of(queue.tasks().softTimeLimit(), limit -> limit));
    OF_QUEUE.put("time-limit", queue -> of(queue.tasks().timeLimit(), limit -> limit));
    OF_QUEUE.put("track-started", queue -> queue.tasks().trackStarted());
    OF_QUEUE.put("store-errors-even-if-ignored", queue -> queue.tasks().storeErrorsEvenIfIgnored());
    OF_QUEUE.put("result-extended", queue -> queue.tasks().resultExtended());
    OF_QUEUE.put("deduplicate-successful-tasks", q -> q.tasks().deduplicateSuccessfulTasks());
    OF_QUEUE.put("retry.max-retries", q -> RetryYaml.word(q.tasks().retry().maxRetries()));
    OF_QUEUE.put("retry.delay", q -> q.tasks().retry().delay());
    OF_QUEUE.put("retry.backoff", q -> of(q.tasks().retry().backoff(), time -> time));
    OF_QUEUE.put("retry.backoff-max", q -> q.tasks().retry().backoffMax());
    OF_QUEUE.put("retry.jitter", q -> q.tasks().retry().jitter());
    OF_QUEUE.put("retry.auto-retry-for", q -> q.tasks().retry().autoRetryFor());
    OF_QUEUE.put("retry.dont-auto-retry-for", q -> q.tasks().retry().dontAutoRetryFor());

    OF_BREAKER.put("failure-rate-threshold", BreakerConfig::failureRateThreshold);
    OF_BREAKER.put("slow-call-rate-threshold", BreakerConfig::slowCallRateThreshold);
    OF_BREAKER.put("slow-call-duration-threshold", BreakerConfig::slowCallDurationThreshold);
    OF_BREAKER.put(
        "permitted-number-of-calls-in-half-open-state",
        BreakerConfig::permittedNumberOfCallsInHalfOpenState);
    OF_BREAKER.put(
        "max-wait-duration-in-half-open-state", BreakerConfig::maxWaitDurationInHalfOpenState);
    OF_BREAKER.put("sliding-window-type", BreakerConfig::slidingWindowType);
    OF_BREAKER.put("sliding-window-size", BreakerConfig::slidingWindowSize);
    OF_BREAKER.put("minimum-number-of-calls", BreakerConfig::minimumNumberOfCalls);
    OF_BREAKER.put("wait-duration-in-open-state", BreakerConfig::waitDurationInOpenState);
    OF_BREAKER.put("record-exceptions", BreakerConfig::recordExceptions);
    OF_BREAKER.put("ignore-exceptions", BreakerConfig::ignoreExceptions);
  }

  private final Origins origins;
  private final Map<String, String> baseOf;
  private final List<LoadedConfig.Setting> settings = new ArrayList<>();

  private EffectiveSettings(Origins origins, Map<String, String> baseOf) {
    this.origins = origins;
    this.baseOf = baseOf;
  }

  /**
   * All settings.
   *
   * @param baseOf the base of each section that has one, by the section's path
   */
  static List<LoadedConfig.Setting> of(
      WorkerConfig config, Origins origins, Map<String, String> baseOf) {
    EffectiveSettings effective = new EffectiveSettings(origins, baseOf);
    effective.add("name", config.name());
    effective.addBroker(config.broker());
    effective.add("routes", config.broker().routing().routes());
    config.queues().forEach(effective::addQueue);
    effective.add("shutdown-timeout", config.shutdownTimeout());
    effective.add("management.port", of(config.management(), ManagementConfig::port));
    effective.add("management.address", of(config.management(), ManagementConfig::address));
    effective.add("tasks", config.tasks());
    effective.addEvents(config);
    return effective.settings;
  }

  private static <T> Object of(@Nullable T part, Function<T, Object> getter) {
    return part == null ? "" : getter.apply(part);
  }

  private void addBroker(BrokerConfig broker) {
    add("broker.url", masked(broker.url()));
    add("broker.visibility-timeout", broker.visibilityTimeout());
    add("broker.lease", broker.lease());
    add("broker.max-deliveries", broker.maxDeliveries());
    add("broker.max-connections", broker.maxConnections());
    add("broker.connect-timeout", broker.connectTimeout());
    add("broker.socket-timeout", broker.socketTimeout());
    add("results.url", masked(broker.resultsUrl()));
    broker.connectionSettings().forEach(this::add);
    add("results.expires", broker.resultExpires());
    addContent(broker.content());
  }

  private void addEvents(WorkerConfig config) {
    add("events.task", config.events().task());
    add("events.heartbeat", config.events().effectiveHeartbeat());
    add("events.task-sent", config.broker().events().taskSent());
    add("events.exchange", config.broker().events().exchange());
    add("events.memory-limit", Sizes.format(config.broker().events().memoryLimit()));
  }

  private void addContent(ContentConfig content) {
    add("content.task-serializer", content.taskSerializer());
    add("content.task-compression", content.taskCompression());
    add("content.result-serializer", content.resultSerializer());
    add("content.accept-content", content.acceptContent());
    add("content.result-accept-content", content.resultAcceptContent());
    add("content.json-types", content.jsonTypes().name().toLowerCase(Locale.ROOT));
    add("content.max-depth", content.maxDepth());
    add("content.max-body-size", Sizes.format(content.maxBodySize()));
    add("content.max-decompressed-size", Sizes.format(content.maxDecompressedSize()));
    add("content.max-result-size", Sizes.format(content.maxResultSize()));
    MessageSecurity security = content.security();
    add("content.security.key", ofSecurity(security, MessageSecurity::keyFile));
    add(
        "content.security.key-password",
        security != null && security.hasKeyPassword() ? "***" : "");
    add("content.security.certificate", ofSecurity(security, MessageSecurity::certificateFile));
    add("content.security.cert-store", ofSecurity(security, MessageSecurity::certStore));
    add("content.security.digest", of(security, MessageSecurity::digest));
    add("content.security.layout", of(security, MessageSecurity::layout));
    add("content.security.serializer", of(security, MessageSecurity::serializer));
  }

  private static Object ofSecurity(
      @Nullable MessageSecurity security, Function<MessageSecurity, @Nullable String> getter) {
    String value = security == null ? null : getter.apply(security);
    return value == null ? "" : value;
  }

  /** An address without its password; whoever may see the port may see the user. */
  private static String masked(String url) {
    return url.replaceFirst("(://[^:@/]*):[^@]*@", "$1:***@")
        .replaceAll("(?i)(password=)[^&]*", "$1***");
  }

  private void addQueue(String name, QueueConfig queue) {
    String path = "queues." + Excerpt.ofKey(name);
    OF_QUEUE.forEach((keys, getter) -> addInherited(path, name, keys, getter.apply(queue)));
    addBreaker(path, name, "circuit-breaker", queue.circuitBreaker());
    addBreaker(path, name, "task-circuit-breaker", queue.taskCircuitBreaker());
  }

  private void addBreaker(
      String path, String name, String section, @Nullable BreakerConfig breaker) {
    addInherited(path, name, section + ".enabled|" + section, breaker != null);
    if (breaker != null) {
      OF_BREAKER.forEach(
          (key, getter) -> addInherited(path, name, section + "." + key, getter.apply(breaker)));
    }
  }

  private void addInherited(String path, String name, String keys, Object value) {
    String[] ways = keys.split("\\|", -1);
    String origin =
        place(path, ways)
            .or(() -> placeInBases(baseOf.get("queues." + name), ways))
            .or(() -> place("defaults", ways).map(place -> place + " (defaults)"))
            .orElse(DEFAULT);
    settings.add(new LoadedConfig.Setting(path + "." + ways[0], text(value), origin));
  }

  private Optional<String> placeInBases(@Nullable String base, String[] ways) {
    for (@Nullable String next = base; next != null; next = baseOf.get("configs." + next)) {
      String section = "configs." + Excerpt.ofKey(next);
      Optional<String> place = place(section, ways).map(p -> p + " (" + section + ")");
      if (place.isPresent()) {
        return place;
      }
    }
    return Optional.empty();
  }

  private Optional<String> place(String section, String[] ways) {
    for (String way : ways) {
      Optional<String> place = origins.of(section + "." + way);
      if (place.isPresent()) {
        return place;
      }
    }
    return Optional.empty();
  }

  private void add(String key, Object value) {
    String origin = origins.of(key).orElse(DEFAULT);
    if (key.equals("results.url") && origin.equals(DEFAULT)) {
      origin = origins.of("broker.url").orElse(DEFAULT);
    }
    if (key.equals("tasks") && origin.equals(DEFAULT)) {
      origin = origins.of("tasks[0]").orElse(DEFAULT);
    }
    settings.add(new LoadedConfig.Setting(key, text(value), origin));
  }

  private static String text(Object value) {
    if (value instanceof Duration duration) {
      return Durations.format(duration);
    }
    if (value instanceof List<?> list) {
      return list.isEmpty() ? "" : list.toString();
    }
    return value.toString();
  }
}
