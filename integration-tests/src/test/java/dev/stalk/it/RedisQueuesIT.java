package dev.stalk.it;

/** A real Redis keeps what {@link QueuesContract} promises. */
class RedisQueuesIT extends QueuesContract {
  @Override
  TransportUnderTest start() {
    return new RedisUnderTest(new Interop());
  }
}
