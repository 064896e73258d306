package dev.stalk.broker.transport;

import org.jspecify.annotations.Nullable;

/**
 * The broker cannot be reached, went away in the middle of a call, or is not ready to serve
 * (loading, replica, failing over). After a call that writes, the outcome is unknown: it may have
 * been done.
 */
public final class BrokerUnavailableException extends BrokerException {
  private static final long serialVersionUID = 1L;

  public BrokerUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  @Override
  public boolean isRetryable() {
    return true;
  }
}
