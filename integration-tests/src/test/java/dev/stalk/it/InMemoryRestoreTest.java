package dev.stalk.it;

/** The broker in memory keeps what {@link RestoreContract} promises. */
class InMemoryRestoreTest extends RestoreContract {
  @Override
  TransportUnderTest start() {
    return new InMemoryUnderTest();
  }
}
