package dev.stalk.worker;

import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import dev.stalk.worker.config.TaskConfig;
import dev.stalk.worker.config.WorkerConfig;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks in the thread that asks for it (celery's {@code task_always_eager}, {@code
 * app/task.py:Task.apply}), yet on the way of every message: fetched, decoded, admitted, run, and
 * settled with its result and follow-ups. For tests; there are no bulkheads, leases or chores. Made
 * by {@link Worker.Builder#buildEager}. Thread-safe, and may be called by the tasks it runs.
 */
public final class EagerWorker implements AutoCloseable {
  private final WorkerConfig config;
  private final Transport transport;
  private final WorkerServices services;
  private final WorkerMetrics metrics;
  private final Timer timer;
  private final String workerId = UUID.randomUUID().toString();
  private final AtomicLong lines = new AtomicLong();

  EagerWorker(WorkerConfig config, Worker.Builder builder, Transport transport) {
    this.config = config;
    this.transport = transport;
    this.timer = new Timer(builder.time());
    this.metrics = new WorkerMetrics(builder.meters());
    Clock clock = builder.time().clock();
    BrokerClock brokerClock = new BrokerClock(transport, clock, builder.time()::nanoTime);
    RevokedTasks revoked = new RevokedTasks(clock);
    this.services = Worker.services(config, builder, transport, timer, revoked, brokerClock, null);
  }

  /**
   * Runs what waits in these queues, one message after the other, until they are empty. What its
   * tasks send there meanwhile is run too.
   *
   * @return how many messages were handled
   * @throws dev.stalk.broker.transport.BrokerException if the broker refuses or is away
   * @throws IllegalStateException if the thread is interrupted while an asynchronous task goes on;
   *     its flag is set again
   */
  public int run(Collection<String> queues) {
    String holder = workerId + ":" + lines.incrementAndGet();
    int handled = 0;
    try (QueueConnection line = transport.consume(List.copyOf(queues), holder, () -> {})) {
      Exchange exchange = line.exchange(List.of(), 1, false);
      while (!exchange.deliveries().isEmpty()) {
        Execution execution = new Execution(line);
        Settlement settlement = execution.run(exchange.deliveries().get(0));
        handled++;
        exchange = line.exchange(List.of(settlement), 1, false);
      }
    }
    return handled;
  }

  private TaskConfig settingsOf(String queue) {
    return config.queues().entrySet().stream()
        .filter(entry -> entry.getValue().queuesOf(entry.getKey()).contains(queue))
        .map(entry -> entry.getValue().tasks())
        .findFirst()
        .orElse(TaskConfig.DEFAULT);
  }

  /** One message; its place is this thread, so there is none to give back. */
  private final class Execution implements TaskExecution.Sink {
    private final QueueConnection line;
    private final CompletableFuture<Settlement> end = new CompletableFuture<>();
    private @Nullable TaskExecution running;

    Execution(QueueConnection line) {
      this.line = line;
    }

    Settlement run(Delivery delivery) {
      TaskExecution execution =
          new TaskExecution(
              delivery,
              settingsOf(delivery.queue()),
              services,
              metrics.queue(delivery.queue()),
              this);
      running = execution;
      execution.run();
      try {
        return end.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while an asynchronous task goes on", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException("nobody completes this future with an exception", e);
      }
    }

    @Override
    public void acknowledge(Settlement acknowledgement) {
      Settlement.Fate fate = line.exchange(List.of(acknowledgement), 0, false).fates().get(0);
      Objects.requireNonNull(running).acknowledged(fate == Settlement.Fate.SETTLED);
    }

    @Override
    public void ended(TaskExecution execution, Settlement settlement) {
      end.complete(settlement);
    }

    @Override
    public void stopped(TaskExecution execution) {}

    @Override
    public void goesOn(TaskExecution execution) {
      // whoever called waits for its end
    }

    @Override
    public void left(TaskExecution execution) {}

    @Override
    public void stuck(TaskExecution execution, Thread thread) {}
  }

  /** Ends the thread of the time limits, and closes the transport. */
  @Override
  public void close() {
    timer.close();
    transport.close();
  }
}
