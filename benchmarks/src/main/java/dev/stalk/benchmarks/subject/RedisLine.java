package dev.stalk.benchmarks.subject;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One connection to Redis with nothing of ours in it: what the bare loops work with, and what the
 * benchmarks look into the server with. For one thread.
 */
public final class RedisLine implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 60_000;

  private final Connection connection;

  private RedisLine(Connection connection) {
    this.connection = connection;
  }

  /** Connects to the database of that address. */
  public static RedisLine open(String url) {
    URI uri = URI.create(url);
    return new RedisLine(
        new Connection(
            new HostAndPort(uri.getHost(), uri.getPort()),
            DefaultJedisClientConfig.builder()
                .protocol(RedisProtocol.RESP2)
                .database(Integer.parseInt(uri.getPath().substring(1)))
                .socketTimeoutMillis(PATIENCE_MILLIS)
                .build()));
  }

  /**
   * One command, one answer: {@code byte[]}, {@code Long}, a list of such, or null.
   *
   * @throws JedisDataException if it is an error
   */
  public @Nullable Object call(byte[]... words) {
    write(words);
    return connection.getOne();
  }

  /** The same for words that are text. */
  public @Nullable Object call(String... words) {
    return call(Arrays.stream(words).map(RedisLine::bytes).toArray(byte[][]::new));
  }

  /** Writes a command whose answer {@link #readAll} will read. */
  public void write(byte[]... words) {
    ProtocolCommand command = () -> words[0];
    connection.sendCommand(command, Arrays.copyOfRange(words, 1, words.length));
  }

  /**
   * Reads the answers to what has been written.
   *
   * @throws JedisDataException the first error among them
   */
  public void readAll(int answers) {
    for (Object answer : connection.getMany(answers)) {
      if (answer instanceof JedisDataException error) {
        throw error;
      }
    }
  }

  /** A number that is the answer to a command. */
  public long number(String... words) {
    return (Long) Objects.requireNonNull(call(words));
  }

  /** A text that is the answer to a command. */
  public String text(String... words) {
    return new String((byte[]) Objects.requireNonNull(call(words)), StandardCharsets.UTF_8);
  }

  /** Texts that are the answer to a command. */
  public List<String> texts(String... words) {
    return list(call(words)).stream()
        .map(word -> new String((byte[]) word, StandardCharsets.UTF_8))
        .toList();
  }

  /** Loads a script; its digest. */
  byte[] load(String script) {
    return bytes(text("SCRIPT", "LOAD", script));
  }

  /** The fields of a section of {@code INFO}. */
  public Map<String, String> info(String section) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String line : text("INFO", section).split("\r\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        fields.put(line.substring(0, colon), line.substring(colon + 1));
      }
    }
    return fields;
  }

  /** The answer as a list. */
  static List<?> list(@Nullable Object answer) {
    return (List<?>) Objects.requireNonNull(answer);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    connection.close();
  }
}
