package dev.stalk.worker;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.EventConfig;
import dev.stalk.broker.EventDispatcher;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.RoutingConfig;
import dev.stalk.broker.codec.ContentConfig;
import dev.stalk.broker.transport.Transport;
import dev.stalk.worker.config.ManagementConfig;
import dev.stalk.worker.config.QueueConfig;
import dev.stalk.worker.config.WorkerConfig;
import dev.stalk.worker.config.WorkerEventsConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks from Celery's queues, each queue in a bulkhead of its own. Thread-safe.
 *
 * <pre>{@code
 * Worker worker =
 *     Worker.builder().config(WorkerYaml.load(Path.of("worker.yaml"))).tasks(new MathTasks()).build();
 * worker.run(); // until SIGTERM: fetch no more, finish, return the rest
 * }</pre>
 *
 * <p>A message is acknowledged after its task has ended, together with its result, in one step. A
 * worker that dies loses nothing: what it held is fetched again, by Java workers when its lease has
 * lapsed, by Python workers after their visibility timeout. So a task may run twice, and should
 * bear it.
 */
public final class Worker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Worker.class);

  private static final List<String> STOP_SIGNALS = List.of("TERM", "INT");

  private static final Duration LONGEST = Duration.ofDays(365);

  /** How long a task that was stopped by force may hold on to its thread. */
  private static final Duration STOPPED_TASKS_GRACE = Duration.ofSeconds(5);

  /** How long the last events may take at least, if the broker took all else. */
  private static final Duration LAST_EVENTS = Duration.ofMillis(500);

  private enum State {
    NEW,
    RUNNING,
    STOPPED
  }

  private volatile WorkerConfig config; // written under this
  private final TaskRegistry registry;
  private final Transport transport;
  private final WorkerMetrics metrics;
  private final WorkerServices services;
  private final RevokedTasks revoked;
  private final @Nullable WorkerEvents events;
  private final Timer timer;
  private final String workerId = UUID.randomUUID().toString();

  /** Those of the configuration, and those that were taken out of it and still have tasks. */
  private final List<QueueConsumer> consumers = new CopyOnWriteArrayList<>();

  private final Chores chores;
  private final @Nullable ManagementServer management;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicInteger signals = new AtomicInteger();
  private int consumersMade; // guarded by this
  private volatile boolean forced;
  private volatile State state = State.NEW; // written under this

  private Worker(WorkerConfig config, Builder builder) {
    Clock clock = builder.time.clock();
    this.timer = new Timer(builder.time);
    this.config = config;
    this.registry = builder.registry;
    ManagementConfig port = config.management(); // first, as it may be refused
    this.management =
        port == null ? null : new ManagementServer(port, builder.meters, this::health);
    this.transport =
        builder.transport == null
            ? BrokerClient.transport(config.broker(), "stalk-worker")
            : builder.transport;
    config.broker().routing().queues().values().forEach(q -> transport.queues().remember(q));
    this.revoked = new RevokedTasks(clock);
    this.metrics = new WorkerMetrics(builder.meters);
    BrokerClock brokerClock = new BrokerClock(transport, clock, builder.time::nanoTime);
    metrics.clockSkew(config.name(), brokerClock::skew);
    this.events = events(config, builder.events, brokerClock);
    this.services = services(config, builder, transport, timer, revoked, brokerClock, events);
    config.queues().forEach((name, settings) -> consumers.add(consumer(name, settings)));
    this.chores =
        new Chores(
            transport,
            consumers,
            services.lease(),
            config.broker().visibilityTimeout(),
            brokerClock,
            builder.time);
  }

  /** What the executions of a worker share. */
  static WorkerServices services(
      WorkerConfig config,
      Builder builder,
      Transport transport,
      Timer timer,
      RevokedTasks revoked,
      BrokerClock brokerClock,
      @Nullable WorkerEvents events) {
    Clock clock = builder.time.clock();
    return new WorkerServices(
        config.name(),
        builder.registry,
        new DeliveryLimit(transport, config.broker().maxDeliveries()),
        transport,
        new MessageFactory(config.broker(), clock),
        new Exceptions(builder.exceptions),
        timer,
        STOPPED_TASKS_GRACE,
        revoked,
        new TaskRates(clock),
        new RecentSuccesses(),
        builder.interceptors,
        new TaskListeners(builder.listeners),
        config.broker().content(),
        brokerClock,
        new Lease(config.broker().lease(), builder.time),
        events);
  }

  private @Nullable WorkerEvents events(
      WorkerConfig config, @Nullable WorkerEventsConfig chosen, Clock clock) {
    WorkerEventsConfig told = chosen == null ? config.events() : chosen;
    if (!WorkerEvents.isAny(config, told)) {
      return null;
    }
    EventDispatcher dispatcher =
        new EventDispatcher(config.name(), transport.fanout(), config.broker().events(), clock);
    metrics.events(config.name(), dispatcher);
    boolean taskSent = config.broker().events().taskSent();
    return new WorkerEvents(dispatcher, told, taskSent, timer.time(), this::running);
  }

  private int running() {
    return consumers.stream().mapToInt(QueueConsumer::running).sum();
  }

  private synchronized QueueConsumer consumer(String name, QueueConfig settings) {
    return new QueueConsumer(
        name,
        settings.queuesOf(name),
        settings,
        workerId + ":" + consumersMade++,
        services,
        metrics);
  }

  private WorkerHealth health() {
    return WorkerHealth.of(state == State.RUNNING, consumers);
  }

  /** Starts with no tasks and no configuration. */
  public static Builder builder() {
    return new Builder();
  }

  /** The names of the tasks it knows. */
  public Set<String> taskNames() {
    return registry.names();
  }

  /**
   * Begins to fetch and run. Returns at once; a broker that is away is waited for.
   *
   * @throws IllegalStateException if it has been started or stopped before
   */
  public synchronized void start() {
    if (state != State.NEW) {
      throw new IllegalStateException("a worker can be started once");
    }
    state = State.RUNNING;
    consumers.forEach(QueueConsumer::start);
    chores.start();
    if (management != null) {
      management.start();
    }
    if (events != null) {
      events.start();
    }
    log.info("{} ready: queues {}, tasks {}", config.name(), config.queues().keySet(), taskNames());
  }

  /**
   * Starts, and stops when the process is told to (celery {@code apps/worker.py}): the first
   * SIGTERM or SIGINT stops as {@link #stop(Duration)} does, with the configured patience; a second
   * one stops as {@link #stopNow} does; a third ends the process on the spot, and its leases lapse.
   * SIGTERM is Celery's SIGQUIT, which stops at once, if the variable {@code REMAP_SIGTERM} is
   * {@code SIGQUIT}; SIGQUIT itself is the JVM's, which prints its threads. With {@code -Xrs} the
   * JVM gives no signal to anybody. Returns when it has stopped; the signals are the JVM's again
   * then.
   *
   * <pre>{@code
   * System.exit(worker.run() ? 0 : 1);
   * }</pre>
   *
   * @return true if every task ended by itself, false if some were taken back
   */
  public boolean run() {
    Thread hook = new Thread(() -> stop(config.shutdownTimeout()), "stalk-shutdown-hook");
    Runtime.getRuntime().addShutdownHook(hook); // for System.exit, and where signals are not ours
    try (StopSignals signals = StopSignals.handle(STOP_SIGNALS, this::signalled)) {
      log.debug("stopping on {}", signals.names());
      start();
      stopped.await();
    } catch (InterruptedException e) {
      stop(config.shutdownTimeout());
      Thread.currentThread().interrupt();
    } finally {
      removeHook(hook);
    }
    return !forced;
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the JVM is ending", e);
    }
  }

  private void signalled(String name) {
    boolean cold = name.equals("TERM") && "SIGQUIT".equals(System.getenv("REMAP_SIGTERM"));
    switch (signals.incrementAndGet()) {
      case 1 -> {
        log.info("SIG{}: stopping", name);
        Duration patience = cold ? Duration.ZERO : config.shutdownTimeout();
        new Thread(() -> stop(patience), "stalk-shutdown").start();
      }
      case 2 -> {
        log.warn("SIG{} again: stopping at once", name);
        new Thread(this::stopNow, "stalk-shutdown-now").start();
      }
      default -> {
        log.error("SIG{} again: ending without returning what is held; its leases lapse", name);
        Runtime.getRuntime().halt(1);
      }
    }
  }

  /**
   * Takes over a changed configuration while it runs: threads, limits, breakers, rate limits, and
   * queues that come or go. No task is dropped or run again: what runs goes on, also in a queue
   * that is taken out, and what has not begun there goes back to its queue. Nothing is changed
   * unless everything can be.
   *
   * @throws IllegalArgumentException if something else was changed, naming it: that takes a new
   *     worker
   * @throws IllegalStateException if it does not run
   */
  public synchronized void reload(WorkerConfig changed) {
    if (state != State.RUNNING) {
      throw new IllegalStateException("only a worker that runs can be reloaded");
    }
    refuseFixed(changed);
    Map<String, QueueConfig> before = config.queues();
    Map<String, QueueConfig> after = changed.queues();
    for (QueueConsumer consumer : consumers) {
      String name = consumer.name();
      QueueConfig settings = after.get(name);
      if (consumer.isRetired()) {
        continue;
      }
      if (settings == null
          || !settings.queuesOf(name).equals(consumer.queues())
          || settings.queueOrder() != consumer.queueOrder()) {
        retire(consumer);
      } else if (!settings.equals(before.get(name))) {
        consumer.change(settings);
        log.info("{}: reconfigured: {}", name, settings);
      }
    }
    Set<String> served =
        consumers.stream()
            .filter(consumer -> !consumer.isRetired())
            .map(QueueConsumer::name)
            .collect(Collectors.toSet());
    after.forEach((name, settings) -> startUnlessServed(name, settings, served));
    config = changed;
  }

  private void refuseFixed(WorkerConfig changed) {
    List<String> fixed = new ArrayList<>();
    addIfDifferent("name", config.name(), changed.name(), fixed);
    addIfDifferent("content", config.broker().content(), changed.broker().content(), fixed);
    addIfDifferent("routes", config.broker().routing(), changed.broker().routing(), fixed);
    addIfDifferent("broker or results", connection(config), connection(changed), fixed);
    addIfDifferent("shutdown-timeout", config.shutdownTimeout(), changed.shutdownTimeout(), fixed);
    addIfDifferent("management", config.management(), changed.management(), fixed);
    addIfDifferent("tasks", config.tasks(), changed.tasks(), fixed);
    addIfDifferent("events", events(config), events(changed), fixed);
    if (!fixed.isEmpty()) {
      throw new IllegalArgumentException(
          "cannot be changed while the worker runs, restart it: " + String.join(", ", fixed));
    }
  }

  /** The sections broker and results; content, routes and events have names of their own. */
  private static BrokerConfig connection(WorkerConfig config) {
    return config.broker().toBuilder()
        .content(ContentConfig.builder().build())
        .routing(RoutingConfig.DEFAULT)
        .events(EventConfig.DEFAULT)
        .build();
  }

  private static List<Record> events(WorkerConfig config) {
    return List.of(config.events(), config.broker().events());
  }

  private static void addIfDifferent(
      String what, @Nullable Object before, @Nullable Object after, List<String> fixed) {
    if (!Objects.equals(before, after)) {
      fixed.add(what);
    }
  }

  private void retire(QueueConsumer consumer) {
    log.info("{}: is served no more; {} messages held", consumer.name(), consumer.held());
    consumer.retire();
    Thread thread = new Thread(() -> closeWhenEnded(consumer), "stalk-retire-" + consumer.name());
    thread.setDaemon(true);
    thread.start();
  }

  /** The worker's own stop ends it too, if that comes first. */
  private void closeWhenEnded(QueueConsumer consumer) {
    try {
      while (!consumer.awaitEnd(LONGEST.toNanos())) {
        log.info("{}: still has tasks a year after it was retired", consumer.name());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    consumer.close();
    consumers.remove(consumer);
  }

  private void startUnlessServed(String name, QueueConfig settings, Set<String> served) {
    if (!served.contains(name)) {
      QueueConsumer consumer = consumer(name, settings);
      consumers.add(consumer);
      consumer.start();
      log.info("{}: is served from now on: {}", name, settings);
    }
  }

  /** The configuration that holds now. */
  public WorkerConfig config() {
    return config;
  }

  /**
   * The circuit breaker of a queue, or of a group under its name. An operator may, with
   * Resilience4j's own methods, force it open ({@code transitionToForcedOpenState}), force it
   * closed while it counts on ({@code transitionToMetricsOnlyState}), disable it ({@code
   * transitionToDisabledState}), and let it decide again ({@code reset}); the fetch follows at
   * once. A reload that changes its settings puts another in its place, in the same state: ask
   * again after one.
   *
   * @return empty if it has none, or there is no such queue
   */
  public Optional<CircuitBreaker> circuitBreaker(String queue) {
    return serving(queue).map(QueueConsumer::breaker).map(QueueBreaker::breaker);
  }

  /**
   * The circuit breaker of a task in a queue.
   *
   * @return empty if the queue has none for its tasks, or there is no such queue or task
   */
  public Optional<CircuitBreaker> circuitBreaker(String queue, String task) {
    if (registry.find(task) == null) {
      return Optional.empty();
    }
    return serving(queue)
        .map(consumer -> consumer.taskBreakers().of(task))
        .map(QueueBreaker::breaker);
  }

  private Optional<QueueConsumer> serving(String queue) {
    return consumers.stream()
        .filter(consumer -> consumer.name().equals(queue) && !consumer.isRetired())
        .findFirst();
  }

  /** Where {@code /metrics} and {@code /health} are; empty if there is no management port. */
  public Optional<InetSocketAddress> managementAddress() {
    return Optional.ofNullable(management).map(ManagementServer::address);
  }

  /**
   * Sees to it that a task is not run here (celery {@code worker/control.py:revoke}): when its
   * message is fetched it is stored as REVOKED and acknowledged. One that runs already goes on. The
   * last 50,000 ids are remembered, in this process alone.
   */
  public void revoke(String taskId) {
    revoked.add(taskId);
  }

  /**
   * Does the same with every task that bears this stamp (celery {@code
   * worker/control.py:revoke_by_stamped_headers}).
   */
  public void revokeByStamp(String header, String value) {
    revoked.addStamp(header, value);
  }

  /**
   * Revokes a task and, if it runs here, stops it by force: it is stored as REVOKED with the reason
   * {@code terminated}, its message is acknowledged, its thread interrupted, and replaced if it
   * does not end.
   *
   * @return true if it was running here
   */
  public boolean terminate(String taskId) {
    revoked.add(taskId);
    boolean any = false;
    for (QueueConsumer consumer : consumers) {
      any |= consumer.terminate(taskId);
    }
    return any;
  }

  /** The ids that are not to be run here. */
  public Set<String> revoked() {
    return revoked.ids();
  }

  /**
   * Whether there is nothing to do: no message waits in its queues, and none is held. Messages that
   * wait for their time, or are sent a moment later, do not count.
   *
   * @throws dev.stalk.broker.transport.BrokerException if the broker cannot be asked
   */
  public boolean isIdle() {
    for (QueueConsumer consumer : consumers) {
      for (String queue : consumer.queues()) {
        if (transport.lengths(queue).values().stream().anyMatch(length -> length > 0)) {
          return false;
        }
      }
    }
    // after the lengths: what was fetched before they were read is held or settled by now
    return consumers.stream().allMatch(QueueConsumer::isIdle);
  }

  /** Fetches no more. Tasks that run go on, as do those already fetched. */
  public void quiet() {
    consumers.forEach(QueueConsumer::quiet);
  }

  /**
   * Stops: fetches no more, returns what has not begun to its queue at once, gives running tasks
   * this long, then interrupts them and returns their messages too. Stopping twice does nothing.
   *
   * @param patience how long running tasks get
   * @return true if every task ended by itself
   */
  public boolean stop(Duration patience) {
    synchronized (this) {
      if (state == State.STOPPED) {
        return true;
      }
      boolean started = state == State.RUNNING;
      state = State.STOPPED;
      if (!started) {
        close(Duration.ZERO);
        return true;
      }
    }
    log.info("stopping; running tasks have {}", patience);
    long began = System.nanoTime();
    Duration lastEvents = LAST_EVENTS;
    quiet();
    consumers.forEach(QueueConsumer::returnWaiting);
    if (awaitEnd(patience)) {
      Duration left = patience.minusNanos(System.nanoTime() - began);
      lastEvents = left.compareTo(LAST_EVENTS) > 0 ? left : LAST_EVENTS;
    } else {
      returnRunning();
      if (!awaitEnd(config.broker().socketTimeout())) {
        log.error("the broker did not take everything back; leases will lapse");
        consumers.forEach(this::abandon);
        lastEvents = Duration.ZERO;
      }
    }
    close(lastEvents);
    log.info("stopped");
    return !forced;
  }

  private void returnRunning() {
    int returned = consumers.stream().mapToInt(QueueConsumer::returnRunning).sum();
    if (returned > 0) {
      forced = true;
      log.warn("{} tasks were stopped before they had ended", returned);
    }
  }

  /**
   * Stops without patience, also a stop that is under way: running tasks are interrupted and their
   * messages returned to their queues. What was acknowledged before its task began cannot be
   * returned; it is stored as failed.
   */
  public void stopNow() {
    synchronized (this) {
      if (state == State.STOPPED) {
        returnRunning();
        return;
      }
    }
    stop(Duration.ZERO);
  }

  /** An interrupt does not shorten it: the messages would be the price. The flag is set again. */
  private boolean awaitEnd(Duration patience) {
    Duration bounded = patience.compareTo(LONGEST) > 0 ? LONGEST : patience;
    long deadline = System.nanoTime() + bounded.toNanos();
    boolean interrupted = false;
    boolean all = true;
    for (QueueConsumer consumer : consumers) {
      while (true) {
        try {
          all &= consumer.awaitEnd(deadline - System.nanoTime());
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return all;
  }

  private void abandon(QueueConsumer consumer) {
    try {
      consumer.abandon();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void close(Duration lastEvents) {
    if (events != null) {
      events.close(lastEvents);
    }
    chores.close();
    timer.close();
    if (management != null) {
      management.close();
    }
    consumers.forEach(QueueConsumer::close);
    metrics.close();
    transport.close();
    stopped.countDown();
  }

  /** Stops with the configured patience. */
  @Override
  public void close() {
    stop(config.shutdownTimeout());
  }

  /** Collects what a worker needs; not thread-safe. */
  public static final class Builder {
    private @Nullable WorkerConfig config;
    private final TaskRegistry registry = new TaskRegistry();
    private final List<TaskInterceptor> interceptors = new ArrayList<>();
    private final List<TaskListener> listeners = new ArrayList<>();
    private final Map<Class<?>, Exceptions.PythonClass> exceptions = new HashMap<>();
    private final List<Class<?>> types = new ArrayList<>();
    private TaskFactory factory = TaskFactory.constructors();
    private MeterRegistry meters = Metrics.globalRegistry;
    private @Nullable Transport transport;
    private @Nullable WorkerEventsConfig events;
    private WorkerTime time = WorkerTime.system();

    private Builder() {}

    /** The settings; needed. */
    public Builder config(WorkerConfig value) {
      config = Objects.requireNonNull(value, "config");
      return this;
    }

    /**
     * Adds every method of this object that is marked with {@link Task}.
     *
     * @throws IllegalArgumentException if there is none, one cannot be called, or a name is taken
     */
    public Builder tasks(Object object) {
      registry.addAll(object);
      return this;
    }

    /**
     * Adds a function.
     *
     * @throws IllegalArgumentException if the name is empty or taken
     */
    public Builder task(String name, TaskHandler handler) {
      return task(name, TaskOptions.DEFAULT, handler);
    }

    /**
     * Adds a function with options.
     *
     * @throws IllegalArgumentException if the name is empty or taken
     */
    public Builder task(String name, TaskOptions options, TaskHandler handler) {
      registry.add(new RegisteredTask(name, handler, options));
      return this;
    }

    /**
     * Adds every method of this class that is marked with {@link Task}; the {@link TaskFactory}
     * makes the object when the worker is built.
     */
    public Builder tasks(Class<?> type) {
      types.add(Objects.requireNonNull(type, "type"));
      return this;
    }

    /** What makes the objects of classes; their constructors by default. */
    public Builder factory(TaskFactory value) {
      factory = Objects.requireNonNull(value, "factory");
      return this;
    }

    /** Adds what stands around every task, inside of those added before. */
    public Builder interceptor(TaskInterceptor value) {
      interceptors.add(Objects.requireNonNull(value, "interceptor"));
      return this;
    }

    /** Adds who is told what happens to tasks, after those added before. */
    public Builder listener(TaskListener value) {
      listeners.add(Objects.requireNonNull(value, "listener"));
      return this;
    }

    /**
     * Says as which Python class an exception, or one derived from it, is stored, so that Python
     * callers can catch it.
     *
     * @param type the Java class
     * @param module the Python module, for example {@code myapp.errors}
     * @param name the class in that module, which has to be an exception; it is made with the
     *     message as its only argument
     */
    public Builder exception(Class<? extends Throwable> type, String module, String name) {
      if (module.isBlank() || name.isBlank()) {
        throw new IllegalArgumentException("a Python exception has a module and a name");
      }
      exceptions.put(type, new Exceptions.PythonClass(module, name));
      return this;
    }

    /** What it tells monitors, in place of what the configuration says. */
    public Builder events(WorkerEventsConfig value) {
      events = Objects.requireNonNull(value, "events");
      return this;
    }

    /** Where the meters go; Micrometer's global registry by default. */
    public Builder metrics(MeterRegistry value) {
      meters = Objects.requireNonNull(value, "metrics");
      return this;
    }

    /**
     * The transport to work over, in place of a connection to the configured broker; for tests, and
     * brokers of one's own. Of the configuration's broker part the worker still uses the default
     * queue, the content settings, {@code lease}, {@code visibility-timeout}, {@code
     * max-deliveries} and {@code socket-timeout}. The worker closes it when it stops.
     */
    public Builder transport(Transport value) {
      transport = Objects.requireNonNull(value, "transport");
      return this;
    }

    /**
     * The time to go by, in place of the system's; for tests. It must agree with the transport's
     * {@link Transport#time}: a real Redis goes by its own clock, whatever this one says.
     */
    public Builder time(WorkerTime value) {
      time = Objects.requireNonNull(value, "time");
      return this;
    }

    /**
     * Makes the worker, with an object of each class the configuration names under {@code tasks}.
     *
     * @throws IllegalArgumentException if the configuration or every task is missing, a class
     *     cannot be loaded, or the management port cannot be opened
     */
    public Worker build() {
      return new Worker(complete(), this);
    }

    /**
     * Makes something that runs tasks in the thread that asks for it, with the same tasks,
     * interceptors, listeners and settings; for tests.
     *
     * @throws IllegalArgumentException as {@link #build}, or if no transport was given
     */
    public EagerWorker buildEager() {
      WorkerConfig settings = complete();
      if (transport == null) {
        throw new IllegalArgumentException("an eager worker needs a transport");
      }
      return new EagerWorker(settings, this, transport);
    }

    MeterRegistry meters() {
      return meters;
    }

    WorkerTime time() {
      return time;
    }

    private WorkerConfig complete() {
      if (config == null) {
        throw new IllegalArgumentException("a worker needs a configuration");
      }
      config.tasks().forEach(name -> registry.addAll(create(named(name))));
      types.forEach(type -> registry.addAll(create(type)));
      if (registry.names().isEmpty()) {
        throw new IllegalArgumentException(
            "a worker needs tasks: name their classes under 'tasks', or pass them to the builder");
      }
      return config;
    }

    private static Class<?> named(String className) {
      try {
        return Class.forName(className, true, Thread.currentThread().getContextClassLoader());
      } catch (ClassNotFoundException e) {
        throw new IllegalArgumentException(
            "tasks: no class %s on the class path".formatted(className), e);
      } catch (LinkageError e) {
        throw new IllegalArgumentException(
            "tasks: %s cannot be loaded: %s".formatted(className, e), e);
      }
    }

    private Object create(Class<?> type) {
      try {
        return Objects.requireNonNull(factory.create(type), "the factory made nothing");
      } catch (Exception | LinkageError e) {
        throw new IllegalArgumentException(
            "tasks: %s needs a public constructor without parameters that works, or a factory: %s"
                .formatted(type.getName(), e),
            e);
      }
    }
  }
}
