package dev.stalk.benchmarks.subject;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Our own exchange with Redis on one thread, without decoding, threads, or meters. One queue. */
final class TransportLoop {
  private static final long LOOK_SECONDS = 1;

  private final Plan plan;
  private final Semaphore notices = new Semaphore(0);

  /** The next result's. */
  private long number;

  private TransportLoop(Plan plan) {
    this.plan = plan;
  }

  public static void main(String[] arguments) throws IOException {
    TransportLoop loop = new TransportLoop(Child.plan(arguments));
    Transport transport =
        BrokerClient.transport(BrokerConfig.builder().url(arguments[0]).build(), "bench");
    QueueConnection line =
        transport.consume(loop.plan.queues(), UUID.randomUUID() + ":0", loop.notices::release);
    new Thread(() -> loop.drain(line), "transport-loop").start();
    Child.serve();
  }

  private void drain(QueueConnection line) {
    List<Settlement> finished = List.of();
    boolean idle = false;
    while (true) {
      Exchange exchange;
      notices.drainPermits();
      try {
        exchange = line.exchange(finished, plan.batch(), idle);
      } catch (BrokerUnavailableException e) {
        continue; // it connects again, and settles what is still unsettled
      }
      finished = new ArrayList<>(plan.batch());
      for (Delivery delivery : exchange.deliveries()) {
        finished.add(new Settlement(delivery.tag(), effects()));
      }
      if (finished.isEmpty() && idle) {
        awaitNotice();
      }
      idle = finished.isEmpty();
    }
  }

  private List<Effect> effects() {
    if (plan.work() != Work.RESULT) {
      return List.of();
    }
    String id = BareLoop.id(number++);
    return List.of(new Effect.StoreResult(id, RedisLine.bytes(BareLoop.meta("null", id))));
  }

  /** Asks nothing of Redis meanwhile, as it would be counted as the work of whoever drains. */
  private void awaitNotice() {
    try {
      var unused = notices.tryAcquire(LOOK_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }
}
