package dev.stalk.it;

/** The broker in memory keeps what {@link FanoutContract} promises. */
class InMemoryFanoutTest extends FanoutContract {
  @Override
  TransportUnderTest start() {
    return new InMemoryUnderTest();
  }
}
