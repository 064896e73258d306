package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.BrokerUnavailableException;
import dev.stalk.broker.transport.Transport;
import dev.stalk.testkit.InMemoryBroker;
import dev.stalk.testkit.SettableClock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The broker in memory, whose time passes when the test says so. */
final class InMemoryUnderTest implements TransportUnderTest {
  private static final Duration STEP = Duration.ofMillis(50);

  private final SettableClock clock = new SettableClock();
  private final InMemoryBroker broker = new InMemoryBroker(clock);
  private final Deque<Transport> transports = new ArrayDeque<>();

  @Override
  public Transport transport(BrokerConfig.Builder settings) {
    Transport transport = broker.connect(settings.build());
    transports.push(transport);
    return transport;
  }

  @Override
  public void await(String what, BooleanSupplier condition) {
    for (int step = 0; step < 2000; step++) {
      if (condition.getAsBoolean()) {
        return;
      }
      clock.advance(STEP);
      LockSupport.parkNanos(100_000); // for the thread that tells
    }
    throw new AssertionError("in vain for " + STEP.multipliedBy(2000) + ": " + what);
  }

  @Override
  public Transport fragile() {
    return transport();
  }

  @Override
  public void loseAnswer(Runnable exchange) {
    broker.loseNextAnswer();
    assertThatThrownBy(exchange::run).isInstanceOf(BrokerUnavailableException.class);
  }

  @Override
  public void fill() {
    broker.fill();
  }

  @Override
  public void free() {
    broker.free();
  }

  @Override
  public void close() {
    transports.forEach(Transport::close);
  }
}
