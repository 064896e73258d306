package dev.stalk.worker;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.ContentConfig;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What executions share, as a test wants it. */
final class Services {
  static final String NODE = "stalk@test";

  private final TaskRegistry registry;
  private final FakeTransport transport;
  private Timer timer = new Timer();
  private final List<TaskInterceptor> interceptors = new ArrayList<>();
  private final List<TaskListener> listeners = new ArrayList<>();
  private final Map<Class<?>, Exceptions.PythonClass> exceptions = new HashMap<>();
  private final RecentSuccesses successes = new RecentSuccesses();
  private int maxDeliveries = 5;
  private Duration grace = Duration.ofMillis(20);
  private BrokerConfig broker = BrokerConfig.builder().build();
  private ContentConfig content = ContentConfig.DEFAULT;
  private Clock clock = Clock.systemUTC();
  private @Nullable WorkerEvents events;

  Services(TaskRegistry registry, FakeTransport transport) {
    this.registry = registry;
    this.transport = transport;
  }

  Services broker(BrokerConfig value) {
    broker = value;
    return this;
  }

  Services content(ContentConfig value) {
    content = value;
    return this;
  }

  Services maxDeliveries(int value) {
    maxDeliveries = value;
    return this;
  }

  Services clock(Clock value) {
    clock = value;
    return this;
  }

  Services time(WorkerTime value) {
    timer = new Timer(value);
    return this;
  }

  Services events(WorkerEvents value) {
    events = value;
    return this;
  }

  Services grace(Duration value) {
    grace = value;
    return this;
  }

  Services interceptor(TaskInterceptor value) {
    interceptors.add(value);
    return this;
  }

  Services listener(TaskListener value) {
    listeners.add(value);
    return this;
  }

  Services exception(Class<? extends Throwable> type, String module, String name) {
    exceptions.put(type, new Exceptions.PythonClass(module, name));
    return this;
  }

  WorkerServices build() {
    return build(new RevokedTasks(clock), new TaskRates(clock));
  }

  WorkerServices build(RevokedTasks revoked, TaskRates rates) {
    return new WorkerServices(
        NODE,
        registry,
        new DeliveryLimit(transport, maxDeliveries),
        transport,
        new MessageFactory(broker.toBuilder().content(content).build(), clock),
        new Exceptions(exceptions),
        timer,
        grace,
        revoked,
        rates,
        successes,
        interceptors,
        new TaskListeners(listeners),
        content,
        clock,
        new Lease(broker.lease(), timer.time()),
        events);
  }
}
