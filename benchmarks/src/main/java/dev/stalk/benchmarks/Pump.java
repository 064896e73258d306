package dev.stalk.benchmarks;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Keeps queues filled from a thread of its own, until it is closed. */
final class Pump implements AutoCloseable {
  private static final long PAUSE_MILLIS = 20;

  private final BrokerClient client;
  private final Disturbance disturbance;
  private final List<String> queues;
  private final Thread thread = new Thread(this::fill, "pump");
  private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
  private int sent;

  private Pump(String url, Disturbance disturbance, List<String> queues) {
    this.client = BrokerClient.connect(url);
    this.disturbance = disturbance;
    this.queues = queues;
  }

  /** Fills the queues once, then starts the thread that keeps them so. */
  static Pump start(String url, Disturbance disturbance, List<String> queues) {
    Pump pump = new Pump(url, disturbance, queues);
    queues.forEach(pump::fill);
    pump.thread.setDaemon(true);
    pump.thread.start();
    return pump;
  }

  private void fill() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        queues.forEach(this::fill);
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    } catch (RuntimeException e) {
      failure.set(e);
    }
  }

  private void fill(String queue) {
    long waiting = client.queueLengths(queue).values().stream().mapToLong(Long::longValue).sum();
    List<TaskSignature> tasks = new ArrayList<>();
    for (long i = waiting; i < disturbance.waiting(); i++) {
      tasks.add(disturbance.task().apply(sent++).ignoringResult().on(queue));
    }
    if (!tasks.isEmpty()) {
      client.sendAll(tasks);
    }
  }

  /**
   * Ends it.
   *
   * @throws IllegalStateException if it had stopped by itself, so that nobody was disturbed
   */
  @Override
  public void close() {
    RuntimeException early = failure.get();
    thread.interrupt();
    try {
      thread.join(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    client.close();
    if (early != null) {
      throw new IllegalStateException("the neighbour's queue was not kept filled", early);
    }
  }
}
