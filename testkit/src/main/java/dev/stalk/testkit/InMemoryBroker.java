package dev.stalk.testkit;

import dev.stalk.broker.BrokerConfig;
import java.time.Clock;

/**
 * A broker in this process, for tests: what a Redis would keep for its clients and workers, kept in
 * memory by the same rules. Everybody who is to share its queues gets a {@link #connect transport}
 * of their own; what they leave behind stays until the broker is garbage. Thread-safe.
 *
 * <pre>{@code
 * InMemoryBroker broker = new InMemoryBroker();
 * BrokerClient client = BrokerClient.over(broker.connect(config), config);
 * Worker worker = Worker.builder().config(settings).transport(broker.connect(config)).build();
 * }</pre>
 */
public final class InMemoryBroker {
  private final InMemoryStore store;

  /** A broker on the system's clock. */
  public InMemoryBroker() {
    this(Clock.systemUTC());
  }

  /**
   * A broker on this clock: what is due, how long a lease lasts and when something expires goes by
   * it alone.
   */
  public InMemoryBroker(Clock clock) {
    this.store = new InMemoryStore(clock);
  }

  InMemoryStore store() {
    return store;
  }

  /**
   * A transport to this broker. Of the configuration it uses {@code lease}, {@code
   * visibility-timeout}, {@code result-expires} and the content settings; addresses and names of
   * keys mean nothing here.
   */
  public InMemoryTransport connect(BrokerConfig config) {
    return new InMemoryTransport(store, config);
  }

  /** A transport with the default settings. */
  public InMemoryTransport connect() {
    return connect(BrokerConfig.builder().build());
  }

  /**
   * From now on nobody reaches it: every call throws {@link
   * dev.stalk.broker.transport.BrokerUnavailableException}, as with a Redis that is gone. What it
   * holds, it keeps.
   */
  public void down() {
    store.down();
  }

  /** It is back, and every line that waits is woken. Does nothing if it was not down. */
  public void up() {
    store.up();
  }

  /**
   * The next exchange of a line is carried out, but its answer is lost: the line gets a {@link
   * dev.stalk.broker.transport.BrokerUnavailableException}, as when a connection breaks at that
   * instant.
   */
  public void loseNextAnswer() {
    store.loseAnswer();
  }

  /**
   * From now on its memory is full: publishing, fetching and renewing are refused with {@link
   * dev.stalk.broker.transport.BrokerFullException}, settling and deleting go on, as with a Redis
   * past its {@code maxmemory}.
   */
  public void fill() {
    store.full(true);
  }

  /** There is memory again. Does nothing if it was not full. */
  public void free() {
    store.full(false);
  }
}
