package dev.stalk.it;

/** A real Redis keeps what {@link RestoreContract} promises. */
class RedisRestoreIT extends RestoreContract {
  @Override
  TransportUnderTest start() {
    return new RedisUnderTest(new Interop());
  }
}
