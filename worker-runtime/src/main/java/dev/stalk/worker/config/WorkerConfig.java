package dev.stalk.worker.config;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.ContentConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Everything a worker needs to know. Immutable; an invalid one cannot be made. Its text form shows
 * no user and no password.
 *
 * @param name the node name under which monitors show the worker; {@code %h} stands for the host
 *     name, {@code %n} for what it has before its first dot and {@code %d} for what it has after
 *     it, as in Celery (celery {@code utils/nodenames.py:host_format}); unlike in Celery, a name
 *     without {@code @} is not a host but gets {@code @%h}. {@code celery@%h} by default. The
 *     accessor returns the complete name
 * @param broker where messages come from and results go to; its {@code accept-content} has to name
 *     its {@code task-serializer}, in which retries and what follows a task are sent
 * @param queues the compartments by name, in the given order; at least one. A compartment serves
 *     the queue of its name, or those it lists; no queue may be in two
 * @param shutdownTimeout how long running tasks get to end when the worker stops, up to a day; 25 s
 *     by default
 * @param management where the worker shows its meters and its health; null for nowhere, the default
 * @param tasks the names of the classes with the tasks; none by default, as they can also be
 *     registered by code
 * @param events what it tells monitors; nothing by default
 */
public record WorkerConfig(
    String name,
    BrokerConfig broker,
    Map<String, QueueConfig> queues,
    Duration shutdownTimeout,
    @Nullable ManagementConfig management,
    List<String> tasks,
    WorkerEventsConfig events) {

  public static final String DEFAULT_NAME = "celery@%h";
  public static final Duration DEFAULT_SHUTDOWN_TIMEOUT = Duration.ofSeconds(25);

  private static final Duration MAX_SHUTDOWN_TIMEOUT = Duration.ofDays(1);
  private static final Pattern NODE_NAME = Pattern.compile("[^@%\\p{Z}\\p{C}]+@[^%\\p{Z}\\p{C}]+");
  static final Pattern CLASS_NAME =
      Pattern.compile(
          "\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*"
              + "(\\.\\p{javaJavaIdentifierStart}\\p{javaJavaIdentifierPart}*)*");

  public WorkerConfig {
    name = nodeName(name);
    Objects.requireNonNull(broker, "broker");
    checkContent(broker.content());
    if (queues.isEmpty()) {
      throw new IllegalArgumentException("queues must name at least one queue");
    }
    queues.keySet().forEach(WorkerConfig::checkQueueName);
    queues = Collections.unmodifiableMap(new LinkedHashMap<>(queues));
    queues.values().forEach(Objects::requireNonNull);
    refuseSharedQueues(queues);
    checkShutdownTimeout(shutdownTimeout);
    tasks = List.copyOf(tasks);
    tasks.forEach(WorkerConfig::checkTask);
    Objects.requireNonNull(events, "events");
  }

  private static void refuseSharedQueues(Map<String, QueueConfig> compartments) {
    Map<String, String> ownerOf = new HashMap<>();
    compartments.forEach(
        (name, config) ->
            config
                .queuesOf(name)
                .forEach(
                    queue -> {
                      String other = ownerOf.putIfAbsent(queue, name);
                      if (other != null) {
                        throw new IllegalArgumentException(
                            "queues: %s is served by both %s and %s; leave one out"
                                .formatted(queue, other, name));
                      }
                    }));
  }

  static String nodeName(String name) {
    return nodeName(name, MessageFactory.hostName());
  }

  static String nodeName(String name, String host) {
    String pattern = name.contains("@") ? name : name + "@%h";
    int dot = host.indexOf('.');
    String complete =
        pattern
            .replace("%h", host)
            .replace("%n", dot < 0 ? host : host.substring(0, dot))
            .replace("%d", dot < 0 ? "" : host.substring(dot + 1));
    if (!NODE_NAME.matcher(complete).matches()) {
      throw new IllegalArgumentException(
          "name must look like " + DEFAULT_NAME + ", without blanks and other percent signs");
    }
    return complete;
  }

  static void checkQueueName(String name) {
    // kombu builds the names of a queue's priority lists with control characters
    if (name.isBlank() || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("a queue needs a name without control characters");
    }
  }

  /**
   * Retries come back to the queue the worker serves. Celery refuses the one case where nothing but
   * signed bodies is read (celery {@code security/__init__.py:setup_security}); in any other it
   * drops such a retry when it comes back.
   */
  static void checkContent(ContentConfig content) {
    String own = content.taskSerializer();
    if (!content.acceptContent().contains(own)) {
      throw new IllegalArgumentException(
          "task-serializer %s is not among accept-content %s: the worker could not read its own retries; name %s in accept-content, or choose a task-serializer from it"
              .formatted(own, content.acceptContent().stream().sorted().toList(), own));
    }
  }

  static void checkShutdownTimeout(Duration timeout) {
    if (timeout.isNegative() || timeout.compareTo(MAX_SHUTDOWN_TIMEOUT) > 0) {
      throw new IllegalArgumentException(
          "shutdown-timeout must be between 0s and 1d, not " + Durations.format(timeout));
    }
  }

  static void checkTask(String className) {
    if (!CLASS_NAME.matcher(className).matches()) {
      throw new IllegalArgumentException(
          "a task must be the full name of a class, as in com.acme.MathTasks");
    }
  }

  /** Starts from the defaults; a queue has to be added. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this configuration. */
  public Builder toBuilder() {
    Builder builder =
        new Builder()
            .name(name)
            .broker(broker)
            .shutdownTimeout(shutdownTimeout)
            .management(management)
            .events(events);
    builder.queues.putAll(queues);
    builder.tasks.addAll(tasks);
    return builder;
  }

  /** Collects values; each setter takes what the component of its name says. Not thread-safe. */
  public static final class Builder {
    private String name = DEFAULT_NAME;
    private BrokerConfig broker = BrokerConfig.builder().build();
    private final Map<String, QueueConfig> queues = new LinkedHashMap<>();
    private Duration shutdownTimeout = DEFAULT_SHUTDOWN_TIMEOUT;
    private @Nullable ManagementConfig management;
    private final List<String> tasks = new ArrayList<>();
    private WorkerEventsConfig events = WorkerEventsConfig.NONE;

    private Builder() {}

    /** Null means {@link #DEFAULT_NAME}. */
    public Builder name(@Nullable String value) {
      name = value == null ? DEFAULT_NAME : value;
      return this;
    }

    /** {@link BrokerConfig}'s defaults if never called. */
    public Builder broker(BrokerConfig value) {
      broker = value;
      return this;
    }

    /** Adds a queue, or replaces what was said of it before. */
    public Builder queue(String queue, QueueConfig value) {
      queues.put(queue, value);
      return this;
    }

    public Builder shutdownTimeout(Duration value) {
      shutdownTimeout = value;
      return this;
    }

    /** Null for none. */
    public Builder management(@Nullable ManagementConfig value) {
      management = value;
      return this;
    }

    public Builder events(WorkerEventsConfig value) {
      events = value;
      return this;
    }

    /** Adds a class with tasks. */
    public Builder task(String className) {
      tasks.add(className);
      return this;
    }

    /**
     * Makes the configuration.
     *
     * @throws IllegalArgumentException if a value breaks its rule, saying which
     */
    public WorkerConfig build() {
      return new WorkerConfig(name, broker, queues, shutdownTimeout, management, tasks, events);
    }
  }
}
