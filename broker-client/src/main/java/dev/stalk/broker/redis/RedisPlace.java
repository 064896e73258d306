package dev.stalk.broker.redis;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** Where a Redis is to be found. Immutable. */
public sealed interface RedisPlace {

  /**
   * A server reached by TCP.
   *
   * @param host a name or address
   * @param port 1 to 65535
   */
  record Server(String host, int port) implements RedisPlace {
    public Server {
      Objects.requireNonNull(host, "host");
    }

    /** Host and port, an IPv6 address in brackets. */
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /**
   * A server on this machine, reached by a Unix domain socket.
   *
   * @param path the absolute path of the socket
   */
  record UnixSocket(String path) implements RedisPlace {
    public UnixSocket {
      Objects.requireNonNull(path, "path");
    }

    @Override
    public String toString() {
      return path;
    }
  }

  /**
   * Whichever server the Sentinels say is the master now.
   *
   * @param addresses the Sentinels, asked in this order; at least one
   * @param settings which master, and how to log in to the Sentinels
   */
  record Sentinels(List<Server> addresses, RedisSentinel settings) implements RedisPlace {
    public Sentinels {
      addresses = List.copyOf(addresses);
      Objects.requireNonNull(settings, "settings");
    }

    /** The Sentinels as kombu writes them. */
    @Override
    public String toString() {
      return addresses.stream()
          .map(address -> "sentinel://" + address)
          .collect(Collectors.joining(";"));
    }
  }
}
