package dev.stalk.it;

/** A real Redis keeps what {@link QuarantineContract} promises. */
class RedisQuarantineIT extends QuarantineContract {
  @Override
  TransportUnderTest start() {
    return new RedisUnderTest(new Interop());
  }
}
