package dev.stalk.it;

import dev.stalk.broker.BrokerConfig;
import dev.stalk.broker.transport.Transport;
import java.util.function.BooleanSupplier;

/**
 * A broker that the contracts of {@link Transport} are held against: a real Redis, or the one in
 * memory. Every transport it gives out leads to the same broker, and is closed with it.
 */
interface TransportUnderTest extends AutoCloseable {

  /** A transport with these settings, but for the address. */
  Transport transport(BrokerConfig.Builder settings);

  /** A transport with the default settings. */
  default Transport transport() {
    return transport(BrokerConfig.builder());
  }

  /**
   * Lets the broker's time pass until something holds, looking again and again; fails the test if
   * it never does.
   */
  void await(String what, BooleanSupplier condition);

  /** One with the default settings whose lines' answers can get lost. */
  Transport fragile();

  /**
   * Has the broker carry out an exchange of a line of {@link #fragile} that settles something
   * acknowledged early. The answer does not arrive: the call fails.
   */
  void loseAnswer(Runnable exchange);

  /** From now on the broker has no memory. */
  void fill();

  /** It has memory again. */
  void free();

  /** Closes what it gave out, and ends the broker. */
  @Override
  void close();
}
