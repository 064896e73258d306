package dev.stalk.broker.transport;

import org.jspecify.annotations.Nullable;

/** The broker's memory is full; what it refused was not written. It passes when memory is freed. */
public final class BrokerFullException extends BrokerException {
  private static final long serialVersionUID = 1L;

  public BrokerFullException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  @Override
  public boolean isRetryable() {
    return true;
  }
}
