package dev.stalk.it;

/** The broker in memory keeps what {@link ExchangeContract} promises. */
class InMemoryExchangeTest extends ExchangeContract {
  @Override
  TransportUnderTest start() {
    return new InMemoryUnderTest();
  }
}
