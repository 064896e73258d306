package dev.stalk.benchmarks.subject;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Our own exchange with Redis on one thread, without decoding, threads, or meters. */
final class TransportLoop {
  private final Work work;
  private long exchanges;

  private TransportLoop(Work work) {
    this.work = work;
  }

  public static void main(String[] arguments) throws IOException {
    int batch = Integer.parseInt(arguments[2]) + Integer.parseInt(arguments[3]);
    TransportLoop loop = new TransportLoop(Work.valueOf(arguments[4]));
    Transport transport =
        BrokerClient.transport(BrokerConfig.builder().url(arguments[0]).build(), "bench");
    QueueConnection line =
        transport.consume(List.of(arguments[1]), UUID.randomUUID() + ":0", () -> {});
    new Thread(() -> loop.drain(line, batch), "transport-loop").start();
    Child.serve(() -> Map.of("exchanges", (double) loop.exchanges));
  }

  private void drain(QueueConnection line, int batch) {
    List<Settlement> finished = List.of();
    while (true) {
      Exchange exchange;
      try {
        exchange = line.exchange(finished, batch, false);
      } catch (BrokerUnavailableException e) {
        continue; // it connects again, and settles what is still unsettled
      }
      exchanges++;
      finished = new ArrayList<>(batch);
      for (Delivery delivery : exchange.deliveries()) {
        finished.add(new Settlement(delivery.tag(), effects()));
      }
      if (finished.isEmpty()) {
        pause();
      }
    }
  }

  private List<Effect> effects() {
    if (work != Work.RESULT) {
      return List.of();
    }
    String id = UUID.randomUUID().toString();
    String done = ResultCodec.dateDone(Instant.now());
    TaskResult result =
        new TaskResult(id, TaskState.SUCCESS, null, null, null, done, null, List.of());
    return List.of(new Effect.StoreResult(id, ResultCodec.encode(result, null)));
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    }
  }
}
