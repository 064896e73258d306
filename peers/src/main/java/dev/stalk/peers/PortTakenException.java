package dev.stalk.peers;

/** Another process listens on the port that a peer was to have. Another port may be free. */
final class PortTakenException extends PeerUnavailableException {

  private static final long serialVersionUID = 1L;

  PortTakenException(String message) {
    super(message);
  }
}
