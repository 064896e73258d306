package dev.stalk.it;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.Transport;
import java.util.function.BooleanSupplier;

/** A Redis of the test's own. */
final class RedisUnderTest implements TransportUnderTest {
  private final Interop peers;

  RedisUnderTest(Interop peers) {
    this.peers = peers;
  }

  @Override
  public Transport transport(BrokerConfig.Builder settings) {
    return peers.closed(
        BrokerClient.transport(settings.url(peers.redis().url()).build(), "contract"));
  }

  @Override
  public void await(String what, BooleanSupplier condition) {
    Interop.await(what, condition);
  }

  @Override
  public void fill() {
    peers.redis().command("CONFIG", "SET", "maxmemory", "1");
  }

  @Override
  public void free() {
    peers.redis().command("CONFIG", "SET", "maxmemory", "0");
  }

  @Override
  public void close() {
    peers.close();
  }
}
