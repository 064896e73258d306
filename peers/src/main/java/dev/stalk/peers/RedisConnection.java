package dev.stalk.peers;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a Redis server on the loopback interface, speaking RESP 2. Blocking, for one
 * thread at a time.
 */
final class RedisConnection implements AutoCloseable {

  private final Socket socket;
  private final InputStream input;

  private RedisConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.input = new BufferedInputStream(socket.getInputStream());
  }

  /**
   * Connects.
   *
   * @param patience for the connection, and for each reply
   * @throws IOException if nobody listens
   */
  static RedisConnection open(int port, Duration patience) throws IOException {
    Socket socket = new Socket();
    try {
      int millis = (int) patience.toMillis();
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(Loopback.address(), port), millis);
      return new RedisConnection(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Sends a command and reads its reply: a {@link Long}, a {@link String}, a {@link List} of such,
   * or null. Words go out as UTF-8. A reply that is not UTF-8 is read as ISO-8859-1, so that no
   * byte of it is lost.
   *
   * @throws RedisErrorReply if the reply is an error, or holds one
   * @throws IOException if no whole reply came in time
   */
  @Nullable Object call(String... words) throws IOException {
    socket.getOutputStream().write(encode(words));
    return readReply();
  }

  private static byte[] encode(String... words) throws IOException {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.write(ascii("*" + words.length + "\r\n"));
    for (String word : words) {
      byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
      request.write(ascii("$" + bytes.length + "\r\n"));
      request.write(bytes);
      request.write(ascii("\r\n"));
    }
    return request.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private @Nullable Object readReply() throws IOException {
    String head = readLine();
    String rest = head.substring(1);
    return switch (head.charAt(0)) {
      case '+' -> rest;
      case '-' -> throw new RedisErrorReply(rest);
      case ':' -> Long.valueOf(rest);
      case '$' -> readBulk(Integer.parseInt(rest));
      case '*' -> readList(Integer.parseInt(rest));
      default -> throw new IOException("not a reply of Redis: " + head);
    };
  }

  private @Nullable String readBulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] bytes = input.readNBytes(length);
    if (bytes.length < length || input.readNBytes(2).length < 2) {
      throw new EOFException("the server closed the connection within a reply");
    }
    return decode(bytes);
  }

  private static String decode(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  private @Nullable List<@Nullable Object> readList(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    List<@Nullable Object> replies = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      replies.add(readReply());
    }
    return replies;
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int octet = input.read(); octet != '\n'; octet = input.read()) {
      if (octet < 0) {
        throw new EOFException("the server closed the connection");
      }
      line.write(octet);
    }
    String text = line.toString(StandardCharsets.UTF_8).stripTrailing();
    if (text.isEmpty()) {
      throw new IOException("not a reply of Redis: an empty line");
    }
    return text;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
