package dev.stalk.it;

/** The broker in memory keeps what {@link ResultsContract} promises. */
class InMemoryResultsTest extends ResultsContract {
  @Override
  TransportUnderTest start() {
    return new InMemoryUnderTest();
  }
}
