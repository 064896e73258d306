package dev.stalk.peers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;

/** The interface that all peers live on, 127.0.0.1, and its ports. */
final class Loopback {

  private static final int FIRST = 16_384;
  private static final int AFTER_LAST = 32_768;
  private static final int ATTEMPTS = 1_000;

  private Loopback() {}

  /** 127.0.0.1, also where the system prefers IPv6. */
  static InetAddress address() {
    try {
      return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four bytes are an address", e);
    }
  }

  /**
   * Finds a port that nobody listens on now; whoever binds it has to be ready to find it taken.
   *
   * <p>It is from below the range that Linux gives to outgoing connections, 32768 and up. A port in
   * that range is not safe for a server that goes away and comes back: meanwhile the system may
   * give it to somebody's connection, even to a client's own attempt to reach the absent server,
   * which then connects to itself and keeps the server from coming back.
   *
   * @throws PeerUnavailableException if there is none
   */
  static int freePort() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, AFTER_LAST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new PeerUnavailableException(
        "No free port on 127.0.0.1 between " + FIRST + " and " + (AFTER_LAST - 1) + ".");
  }

  private static boolean isFree(int port) {
    try (ServerSocket probe = new ServerSocket(port, 1, address())) {
      return probe.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
