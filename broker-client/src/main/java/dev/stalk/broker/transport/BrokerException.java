package dev.stalk.broker.transport;

import org.jspecify.annotations.Nullable;

/** The broker could not do what was asked. The subclasses are what a caller can act on. */
public class BrokerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public BrokerException(String message) {
    super(message);
  }

  public BrokerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Whether the same call may succeed later without anybody changing anything. */
  public boolean isRetryable() {
    return false;
  }
}
