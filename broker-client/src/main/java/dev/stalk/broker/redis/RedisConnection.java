package dev.stalk.broker.redis;

import java.util.List;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.SslOptions;
import redis.clients.jedis.SslVerifyMode;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One RESP2 connection, used by one thread at a time, with pipelining spelled out: {@link #write}
 * as often as needed, then {@link #read} as often. Only a {@link RedisSubscriber} reads and writes
 * from two threads.
 */
final class RedisConnection extends Connection {

  // set by the constructor of the superclass: no initial value here, it would come after that
  private volatile boolean hasBeenConnected;

  private RedisConnection(HostAndPort address, JedisClientConfig config) {
    super(address, config);
  }

  /**
   * Connects, authenticates and selects the database.
   *
   * @param role appended to the client's name
   */
  static RedisConnection open(RedisUrl url, RedisConfig config, String role) {
    return new RedisConnection(
        new HostAndPort(url.host(), url.port()), clientConfig(url, config, role));
  }

  static JedisClientConfig clientConfig(RedisUrl url, RedisConfig config, String role) {
    return DefaultJedisClientConfig.builder()
        .protocol(RedisProtocol.RESP2)
        .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
        .connectionTimeoutMillis(Math.toIntExact(config.connectTimeout().toMillis()))
        .socketTimeoutMillis(Math.toIntExact(config.socketTimeout().toMillis()))
        .user(url.user())
        .password(url.password())
        .database(url.database())
        .clientName(config.clientName() + "-" + role)
        .sslOptions(
            url.tls() ? SslOptions.builder().sslVerifyMode(SslVerifyMode.FULL).build() : null)
        .build();
  }

  /**
   * Jedis connects again by itself where a socket has been closed, but without authentication,
   * database or name, and with the answers of the old one owed. A connection of ours lives once.
   */
  @Override
  public void connect() {
    if (isConnected()) {
      return;
    }
    if (hasBeenConnected) {
      throw new JedisConnectionException("the connection was closed");
    }
    super.connect();
    hasBeenConnected = true;
  }

  void write(ProtocolCommand command, byte[]... arguments) {
    sendCommand(command, arguments);
  }

  void write(CommandArguments arguments) {
    sendCommand(arguments);
  }

  /** Sends what has been written. */
  void send() {
    flush();
  }

  /** Reads one answer; an error reply is thrown. What was written must have been sent. */
  Object read() {
    return getUnflushedObject();
  }

  /** One command, one answer. */
  Object call(ProtocolCommand command, byte[]... arguments) {
    write(command, arguments);
    send();
    return read();
  }

  /**
   * Sends what has been written and reads that many answers, error replies among them as {@link
   * JedisDataException} objects, so that one error does not leave answers unread.
   */
  List<Object> sendAndReadAll(int answers) {
    return getMany(answers);
  }

  /** Throws the first error among these answers. */
  static void throwFirstError(List<Object> answers) {
    for (Object answer : answers) {
      if (answer instanceof JedisDataException error) {
        throw error;
      }
    }
  }

  long clientId() {
    return (Long) call(Command.CLIENT, RedisKeys.bytes("ID"));
  }

  /** Closes the socket at once, from any thread; a reader is woken with an exception. */
  void cut() {
    try {
      forceDisconnect();
    } catch (java.io.IOException | JedisException e) {
      setBroken(); // it was closing already
    }
  }
}
