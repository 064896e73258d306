package dev.stalk.broker.redis;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * A Lua script beside this class: called by its digest, and by its text when the server does not
 * know it (any more).
 */
final class RedisScript {
  private final byte[] text;
  private final byte[] digest;

  private RedisScript(byte[] text) {
    this.text = text;
    this.digest = sha1(text);
  }

  /** One script of these files, one behind the other. */
  static RedisScript load(String... names) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (String name : names) {
      text.writeBytes(read(name));
    }
    return new RedisScript(text.toByteArray());
  }

  private static byte[] read(String name) {
    try (InputStream resource = RedisScript.class.getResourceAsStream(name)) {
      if (resource == null) {
        throw new IllegalStateException("the script " + name + " is missing from the jar");
      }
      return resource.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] sha1(byte[] text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-1").digest(text);
      return HexFormat.of().formatHex(hash).getBytes(StandardCharsets.US_ASCII);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }

  Object call(RedisConnection connection, List<byte[]> keys, List<byte[]> arguments) {
    write(connection, keys, arguments);
    connection.send();
    try {
      return connection.read();
    } catch (JedisNoScriptException unknown) {
      writeText(connection, keys, arguments);
      connection.send();
      return connection.read();
    }
  }

  /** Writes the call by digest; the answer may be that the script is not known. */
  void write(RedisConnection connection, List<byte[]> keys, List<byte[]> arguments) {
    connection.write(arguments(Command.EVALSHA, digest, keys, arguments));
  }

  /** Writes the call by text, which the server always knows, and knows the digest of afterwards. */
  void writeText(RedisConnection connection, List<byte[]> keys, List<byte[]> arguments) {
    connection.write(arguments(Command.EVAL, text, keys, arguments));
  }

  private static CommandArguments arguments(
      Command command, byte[] script, List<byte[]> keys, List<byte[]> arguments) {
    CommandArguments all = new CommandArguments(command).add(script).add(keys.size());
    List<byte[]> rest = new ArrayList<>(keys);
    rest.addAll(arguments);
    return all.addObjects(rest);
  }
}
