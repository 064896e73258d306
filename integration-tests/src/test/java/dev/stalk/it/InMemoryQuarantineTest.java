package dev.stalk.it;

/** The broker in memory keeps what {@link QuarantineContract} promises. */
class InMemoryQuarantineTest extends QuarantineContract {
  @Override
  TransportUnderTest start() {
    return new InMemoryUnderTest();
  }
}
