package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Transport;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A Redis of the test's own. */
final class RedisUnderTest implements TransportUnderTest {
  private final Interop peers;
  private @Nullable CuttingProxy proxy;

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
  public Transport fragile() {
    proxy = peers.closed(CuttingProxy.before(peers.redis().port()));
    return peers.closed(
        BrokerClient.transport(BrokerConfig.builder().url(proxy.url()).build(), "fragile"));
  }

  @Override
  public void loseAnswer(Runnable exchange) {
    CuttingProxy cutting = Objects.requireNonNull(proxy, "only a fragile transport's");
    int before = cutting.cuts();
    cutting.cutAnswersTo("stalk:settled:", 1);
    assertThatThrownBy(exchange::run).isInstanceOf(BrokerUnavailableException.class);
    await("the answer had come", () -> cutting.cuts() == before + 1);
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
