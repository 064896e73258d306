package dev.stalk.it;

/** A real Redis keeps what {@link FanoutContract} promises. */
class RedisFanoutIT extends FanoutContract {
  @Override
  TransportUnderTest start() {
    return new RedisUnderTest(new Interop());
  }
}
