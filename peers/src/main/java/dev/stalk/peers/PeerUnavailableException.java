package dev.stalk.peers;

/**
 * A peer cannot be started, or it stopped answering. The message says which peer, what was tried
 * and what to do about it, and ends with the last lines the peer printed, if it printed any.
 */
public class PeerUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  PeerUnavailableException(String message) {
    super(message);
  }

  PeerUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
