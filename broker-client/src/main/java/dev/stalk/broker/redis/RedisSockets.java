package dev.stalk.broker.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.JedisSocketFactory;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Makes the socket of one connection, and remembers it. Sentinels have been asked before. */
final class RedisSockets implements JedisSocketFactory {
  private final RedisUrl url;
  private final int connectTimeout;
  private final int socketTimeout;
  private volatile @Nullable Socket last;

  RedisSockets(RedisUrl url, Duration connectTimeout, Duration socketTimeout) {
    this.url = url;
    this.connectTimeout = Math.toIntExact(connectTimeout.toMillis());
    this.socketTimeout = Math.toIntExact(socketTimeout.toMillis());
  }

  /** The socket that was made last; null if none was. */
  @Nullable Socket last() {
    return last;
  }

  @Override
  public Socket createSocket() {
    try {
      Socket socket = open();
      last = socket;
      return socket;
    } catch (IOException e) {
      throw new JedisConnectionException("cannot connect", e);
    }
  }

  private Socket open() throws IOException {
    if (url.place() instanceof RedisPlace.UnixSocket local) {
      Socket socket = UnixSocket.connect(local.path());
      socket.setSoTimeout(socketTimeout);
      return socket;
    }
    if (url.place() instanceof RedisPlace.Server server) {
      return encrypted(connect(server), server);
    }
    throw new IllegalStateException("ask the Sentinels first");
  }

  /** Tries one address of the host after the other, as a name may stand for several. */
  private Socket connect(RedisPlace.Server server) throws IOException {
    IOException failure = null;
    for (InetAddress address : InetAddress.getAllByName(server.host())) {
      Socket socket = new BufferedSocket();
      try {
        socket.setReuseAddress(true);
        socket.setKeepAlive(true);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(address, server.port()), connectTimeout);
        socket.setSoTimeout(socketTimeout);
        return socket;
      } catch (IOException e) {
        socket.close();
        failure = e;
      }
    }
    throw failure == null ? new IOException("the host has no address") : failure;
  }

  private Socket encrypted(Socket plain, RedisPlace.Server server) throws IOException {
    RedisTls tls = url.tls();
    if (tls == null) {
      return plain;
    }
    try {
      return TlsSockets.wrap(plain, server.host(), tls);
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }
}
