package dev.stalk.broker.redis;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * One RESP2 connection, used by one thread at a time, with pipelining spelled out: {@link #write}
 * as often as needed, then {@link #read} as often. Only a {@link RedisSubscriber} reads and writes
 * from two threads.
 */
final class RedisConnection extends Connection {
  private static final Logger log = LoggerFactory.getLogger(RedisConnection.class);
  private static final long IDLE = TimeUnit.MILLISECONDS.toNanos(500);

  // set by the constructor of the superclass: no initial value here, it would come after that
  private volatile boolean hasBeenConnected;

  private final RedisSockets sockets;
  private long lastUsed = System.nanoTime();

  private RedisConnection(RedisSockets sockets, JedisClientConfig config) {
    super(sockets, config);
    this.sockets = sockets;
  }

  /** The connection could not even be made: nothing can have been carried out. */
  static final class NotConnectedException extends JedisConnectionException {
    private static final long serialVersionUID = 1L;

    NotConnectedException(JedisConnectionException cause) {
      super(cause.getMessage(), cause);
    }
  }

  /**
   * Connects, authenticates and selects the database.
   *
   * @param role appended to the client's name
   */
  static RedisConnection open(RedisUrl url, RedisConfig config, String role) {
    try {
      if (url.place() instanceof RedisPlace.Sentinels sentinels) {
        RedisPlace.Server master = new SentinelQuery(url, sentinels, config).master();
        RedisConnection connection = connect(url.at(master), config, role);
        connection.requireMaster(master);
        return connection;
      }
      return connect(url, config, role);
    } catch (JedisConnectionException e) {
      throw new NotConnectedException(e);
    }
  }

  private static RedisConnection connect(RedisUrl url, RedisConfig config, String role) {
    Duration connecting = orElse(url.connectTimeout(), config.connectTimeout());
    Duration answering = orElse(url.socketTimeout(), config.socketTimeout());
    return new RedisConnection(
        new RedisSockets(url, connecting, answering),
        clientConfig(url, config, role, connecting, answering));
  }

  private static Duration orElse(@Nullable Duration own, Duration settings) {
    return own == null ? settings : own;
  }

  /**
   * Sentinels may name a server that is not the master any more, or not yet. A user who may not ask
   * for the role finds out by the first write.
   */
  private void requireMaster(RedisPlace.Server named) {
    try {
      List<?> answer = (List<?>) call(Command.ROLE);
      String role = RedisKeys.text((byte[]) answer.get(0));
      if (!role.equals("master")) {
        cut();
        throw new JedisConnectionException(
            "the Sentinels name %s as master, which is a %s".formatted(named, role));
      }
    } catch (JedisAccessControlException notAllowed) {
      log.debug("ROLE is not allowed at {}", named);
    }
  }

  private static JedisClientConfig clientConfig(
      RedisUrl url, RedisConfig config, String role, Duration connecting, Duration answering) {
    return DefaultJedisClientConfig.builder()
        .protocol(RedisProtocol.RESP2)
        .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
        .connectionTimeoutMillis(Math.toIntExact(connecting.toMillis()))
        .socketTimeoutMillis(Math.toIntExact(answering.toMillis()))
        .user(url.user())
        .password(url.password())
        .database(url.database())
        .clientName(config.clientName() + "-" + role)
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
    Object answer = getUnflushedObject();
    lastUsed = System.nanoTime();
    return answer;
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
    List<Object> all = getMany(answers);
    lastUsed = System.nanoTime();
    return all;
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

  /**
   * Whether the other side has closed this connection while nobody used it, as servers do after
   * their {@code timeout}. Only to be asked while no answer is owed. Takes a millisecond if the
   * connection has been idle, and none if it has not.
   */
  boolean wasCutWhileIdle() {
    if (System.nanoTime() - lastUsed < IDLE) {
      return false;
    }
    Socket socket = sockets.last();
    if (socket == null || isBroken() || !isConnected()) {
      return true;
    }
    try {
      int timeout = socket.getSoTimeout();
      socket.setSoTimeout(1);
      try {
        var unused = socket.getInputStream().read();
        return true; // the end, or an answer to nothing
      } catch (SocketTimeoutException quiet) {
        return false;
      } finally {
        socket.setSoTimeout(timeout);
      }
    } catch (IOException e) {
      return true;
    }
  }

  /** Closes the socket at once, from any thread; a reader is woken with an exception. */
  void cut() {
    try {
      forceDisconnect();
    } catch (IOException | JedisException e) {
      setBroken(); // it was closing already
    }
  }
}
