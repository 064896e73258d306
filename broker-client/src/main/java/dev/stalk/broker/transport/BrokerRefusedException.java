package dev.stalk.broker.transport;

import org.jspecify.annotations.Nullable;

/** The broker refuses this user: password missing or wrong, or a right it does not have. */
public final class BrokerRefusedException extends BrokerException {
  private static final long serialVersionUID = 1L;

  public BrokerRefusedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
