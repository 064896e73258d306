package dev.stalk.it;

/** A real Redis keeps what {@link ResultsContract} promises. */
class RedisResultsIT extends ResultsContract {
  @Override
  TransportUnderTest start() {
    return new RedisUnderTest(new Interop());
  }
}
