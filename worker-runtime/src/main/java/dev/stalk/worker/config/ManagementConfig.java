package dev.stalk.worker.config;

import java.util.Objects;

/**
 * The port at which a worker shows its meters and its health. Immutable; an invalid one cannot be
 * made.
 *
 * @param address the local address it is bound to; {@code 127.0.0.1} by default, as nothing here
 *     asks for a password
 * @param port 1 to 65,535, or 0 for any that is free
 */
public record ManagementConfig(String address, int port) {

  public static final String DEFAULT_ADDRESS = "127.0.0.1";

  public ManagementConfig {
    checkAddress(Objects.requireNonNull(address, "address"));
    Ranges.check("port", 0, 65_535, port);
  }

  static void checkAddress(String address) {
    if (!address.matches("[\\w.:%-]+")) {
      throw new IllegalArgumentException(
          "address must be a local address or host name, as in 127.0.0.1 or 0.0.0.0");
    }
  }
}
