package dev.stalk.benchmarks.pieces;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.MessageFactory;
import dev.stalk.broker.codec.ResultCodec;
import dev.stalk.broker.message.TaskResult;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.message.TaskState;
import dev.stalk.broker.transport.Delivery;
import dev.stalk.broker.transport.Effect;
import dev.stalk.broker.transport.Exchange;
import dev.stalk.broker.transport.Publication;
import dev.stalk.broker.transport.QueueConnection;
import dev.stalk.broker.transport.Settlement;
import dev.stalk.broker.transport.Transport;
import dev.stalk.peers.RedisServer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Calls of the exchange script on a real Redis. Time includes Redis; what is allocated is the
 * arguments of the script and what is made of its answer. A settlement is what {@code
 * withoutResults} or {@code withResults} takes beyond {@code arguments}, less the fetch; the
 * arguments are what that takes beyond {@code roundTrip}.
 */
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls the set-up before anything else
public class ExchangePieces {
  private static final String QUEUE = "piece";

  /** How many are settled and fetched at a time. */
  @Param({"1", "16", "256"})
  public int batch;

  private final MessageFactory factory =
      new MessageFactory(BrokerConfig.builder().defaultQueue(QUEUE).build(), Clock.systemUTC());
  private RedisServer redis;
  private Transport transport;
  private QueueConnection line;
  private byte[] meta;
  private List<Delivery> held;
  private List<Settlement> lapsed;

  /** Starts a Redis and fetches the first batch. */
  @Setup(Level.Trial)
  public void start() {
    redis = RedisServer.start();
    transport =
        BrokerClient.transport(BrokerConfig.builder().url(redis.url()).build(), "stalk-piece");
    line = transport.consume(List.of(QUEUE), UUID.randomUUID() + ":0", () -> {});
    TaskSignature task = TaskSignature.of("bench.nothing", "x".repeat(10)).on(QUEUE);
    Publication message = factory.publication(factory.message(task));
    transport.publish(Collections.nCopies(2 * batch, message));
    meta =
        ResultCodec.encode(
            new TaskResult(
                "id", TaskState.SUCCESS, null, null, null, "2026-11-22", null, List.of()),
            null);
    held = line.exchange(List.of(), batch, false).deliveries();
    lapsed = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      String tag = UUID.randomUUID().toString();
      lapsed.add(new Settlement(tag, List.of(new Effect.StoreResult(tag, meta))));
    }
  }

  /** Ends what was started. */
  @TearDown(Level.Trial)
  public void stop() {
    line.close();
    transport.close();
    redis.close();
  }

  /** Neither settles nor fetches. */
  @Benchmark
  public Exchange roundTrip() {
    return line.exchange(List.of(), 0, false);
  }

  /**
   * Offers a batch with results of which nothing is held any more, so that Redis has next to
   * nothing to do: writing the arguments of the script, and its reading them.
   */
  @Benchmark
  public Exchange arguments() {
    return line.exchange(lapsed, 0, false);
  }

  /** Settles without a result, and fetches; what is settled is sent again. */
  @Benchmark
  public int withoutResults() {
    return exchange(false);
  }

  /** The same with a result each, all of another name. */
  @Benchmark
  public int withResults() {
    return exchange(true);
  }

  private int exchange(boolean results) {
    List<Settlement> finished = new ArrayList<>(held.size());
    for (Delivery delivery : held) {
      Effect again = new Effect.Publish(new Publication(QUEUE, 0, delivery.message()));
      finished.add(
          new Settlement(
              delivery.tag(),
              results
                  ? List.of(new Effect.StoreResult(delivery.tag(), meta), again)
                  : List.of(again)));
    }
    Exchange exchange = line.exchange(finished, batch, false);
    held = exchange.deliveries();
    return held.size();
  }
}
