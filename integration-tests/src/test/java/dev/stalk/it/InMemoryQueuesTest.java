package dev.stalk.it;

/** The broker in memory keeps what {@link QueuesContract} promises. */
class InMemoryQueuesTest extends QueuesContract {
  @Override
  TransportUnderTest start() {
    return new InMemoryUnderTest();
  }
}
