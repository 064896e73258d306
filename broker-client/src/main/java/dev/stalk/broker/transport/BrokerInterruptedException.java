package dev.stalk.broker.transport;

/** The calling thread was interrupted while it waited; its interrupt flag is set again. */
public final class BrokerInterruptedException extends BrokerException {
  private static final long serialVersionUID = 1L;

  public BrokerInterruptedException(String message, InterruptedException cause) {
    super(message, cause);
    Thread.currentThread().interrupt();
  }
}
