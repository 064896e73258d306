package dev.stalk.broker;

import dev.stalk.broker.message.ExchangeType;
import dev.stalk.broker.message.QueueDeclaration;
import dev.stalk.broker.message.Route;
import dev.stalk.broker.message.SendOptions;
import dev.stalk.broker.message.TaskSignature;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How calls are sent that do not say it themselves. Immutable. What holds for one call is found in
 * this order, each filling only what those before left open (celery {@code
 * app/task.py:Task.apply_async}, {@code app/routes.py:Router.route}):
 *
 * <ol>
 *   <li>the options of the call;
 *   <li>the annotation of its task's name, then that of {@code *};
 *   <li>the first of the routes that has an answer;
 *   <li>the default queue.
 * </ol>
 *
 * @param routes asked in their order (Celery's {@code task_routes}); none by default
 * @param annotations options by a task's name, or {@code *} for every task: what Celery reads from
 *     the attributes of the task's class, and changes with {@code task_annotations}. Priority,
 *     expiry, serializer, limits and the like; none by default
 * @param queues queues by name (Celery's {@code task_queues}); none by default. One that is bound
 *     to a topic or fanout exchange first is sent to through that exchange, as in Celery. So {@code
 *     task_default_exchange} and its kin are said by declaring the default queue
 * @param createMissingQueues whether a queue may be sent to that is not among {@code queues}; true
 *     by default (Celery's {@code task_create_missing_queues})
 */
public record RoutingConfig(
    List<TaskRouter> routes,
    Map<String, SendOptions> annotations,
    Map<String, QueueDeclaration> queues,
    boolean createMissingQueues) {

  /** Everything goes to the default queue. */
  public static final RoutingConfig DEFAULT = builder().build();

  private static final String EVERY_TASK = "*";

  /** Takes copies. */
  public RoutingConfig {
    routes = List.copyOf(routes);
    annotations = Map.copyOf(annotations);
    queues = Collections.unmodifiableMap(new LinkedHashMap<>(queues));
  }

  /** All that is known of how to send a call. */
  SendOptions options(TaskSignature call) {
    SendOptions known = call.options();
    if (!annotations.isEmpty()) {
      SendOptions own = annotations.get(call.task());
      known = own == null ? known : known.over(own);
      SendOptions every = annotations.get(EVERY_TASK);
      known = every == null ? known : known.over(every);
    }
    for (TaskRouter router : routes) {
      SendOptions routed = router.route(call.with(known));
      if (routed != null) {
        return known.over(routed);
      }
    }
    return known;
  }

  /**
   * Where a message with these options goes.
   *
   * @throws QueueNotFoundException if the queue is not declared and must be
   */
  Route destination(SendOptions options, String defaultQueue) {
    if (options.route() != null) {
      return options.route();
    }
    String queue = options.queue() == null ? defaultQueue : options.queue();
    QueueDeclaration declared = queues.get(queue);
    if (declared == null) {
      boolean known = queues.isEmpty() && queue.equals(defaultQueue);
      if (!createMissingQueues && !known) {
        throw new QueueNotFoundException(queue, queues.keySet());
      }
      return Route.toQueue(queue);
    }
    if (declared.bindings().isEmpty() || declared.bindings().get(0).type() == ExchangeType.DIRECT) {
      return Route.toQueue(queue);
    }
    return declared.bindings().get(0);
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts from this. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.routes.addAll(routes);
    builder.annotations.putAll(annotations);
    builder.queues.putAll(queues);
    builder.createMissingQueues = createMissingQueues;
    return builder;
  }

  /** Collects values; not thread-safe. */
  public static final class Builder {
    private final List<TaskRouter> routes = new ArrayList<>();
    private final Map<String, SendOptions> annotations = new LinkedHashMap<>();
    private final Map<String, QueueDeclaration> queues = new LinkedHashMap<>();
    private boolean createMissingQueues = true;

    private Builder() {}

    /** One more router, asked after those before. */
    public Builder route(TaskRouter router) {
      routes.add(Objects.requireNonNull(router, "router"));
      return this;
    }

    /**
     * What holds for the calls of a task that do not say otherwise; replaces what was said of it.
     *
     * @param task its name, or {@code *} for every task
     */
    public Builder annotate(String task, SendOptions options) {
      annotations.put(
          Objects.requireNonNull(task, "task"), Objects.requireNonNull(options, "options"));
      return this;
    }

    /** One more queue. */
    public Builder queue(QueueDeclaration declaration) {
      queues.put(declaration.queue(), declaration);
      return this;
    }

    public Builder createMissingQueues(boolean value) {
      createMissingQueues = value;
      return this;
    }

    /** Makes the configuration. */
    public RoutingConfig build() {
      return new RoutingConfig(routes, annotations, queues, createMissingQueues);
    }
  }
}
