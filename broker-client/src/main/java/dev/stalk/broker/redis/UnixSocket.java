package dev.stalk.broker.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/**
 * A Unix domain socket in the form the Redis library takes. The JDK has such sockets only as
 * channels, which know no time limit; so the channel does not block, and waiting is done by a
 * selector, one for reading and one for writing. One thread may read while another writes, and any
 * may close. As with other sockets, interrupts do not disturb it.
 */
final class UnixSocket extends Socket {
  private final SocketChannel channel;
  private final Selector reading;
  private final Selector writing;
  private final InputStream input = new Input();
  private final OutputStream output = new Output();
  private volatile int timeout;
  private volatile boolean closed;

  private UnixSocket(SocketChannel channel, Selector reading, Selector writing) {
    this.channel = channel;
    this.reading = reading;
    this.writing = writing;
  }

  /**
   * Connects.
   *
   * @param path the socket's path
   * @throws IOException if nobody listens there
   */
  static UnixSocket connect(String path) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(path)); // at once, or not at all
      channel.configureBlocking(false);
      Selector reading = Selector.open();
      Selector writing = Selector.open();
      channel.register(reading, SelectionKey.OP_READ);
      channel.register(writing, SelectionKey.OP_WRITE);
      return new UnixSocket(channel, reading, writing);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Waits for the channel; 0 means without end. */
  private void await(Selector selector, long deadline) throws IOException {
    boolean interrupted = false;
    try {
      while (!closed) {
        long left = deadline == 0 ? 0 : deadline - System.nanoTime();
        if (deadline != 0 && left <= 0) {
          throw new SocketTimeoutException("Read timed out");
        }
        int ready = selector.select(deadline == 0 ? 0 : 1 + TimeUnit.NANOSECONDS.toMillis(left));
        selector.selectedKeys().clear();
        if (ready > 0) {
          return;
        }
        interrupted |= Thread.interrupted(); // it would end every wait at once
      }
      throw new SocketException("Socket closed");
    } catch (java.nio.channels.ClosedSelectorException e) {
      throw (SocketException) new SocketException("Socket closed").initCause(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private final class Input extends InputStream {
    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      int limit = timeout;
      long deadline =
          limit == 0 ? 0 : Math.max(1, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limit));
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      int count = channel.read(buffer);
      while (count == 0) {
        await(reading, deadline);
        count = channel.read(buffer);
      }
      return count;
    }
  }

  private final class Output extends OutputStream {
    @Override
    public void write(int octet) throws IOException {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes, offset, length);
      while (buffer.hasRemaining()) {
        if (channel.write(buffer) == 0) {
          await(writing, 0); // as long as a TCP socket would
        }
      }
    }
  }

  @Override
  public InputStream getInputStream() {
    return input;
  }

  @Override
  public OutputStream getOutputStream() {
    return output;
  }

  @Override
  public synchronized void setSoTimeout(int millis) {
    timeout = millis;
  }

  @Override
  public synchronized int getSoTimeout() {
    return timeout;
  }

  @Override
  public boolean isConnected() {
    return true;
  }

  @Override
  public boolean isBound() {
    return true;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public boolean isInputShutdown() {
    return closed;
  }

  @Override
  public boolean isOutputShutdown() {
    return closed;
  }

  /** It has no lingering. */
  @Override
  public void setSoLinger(boolean on, int seconds) {}

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    channel.close();
    reading.close();
    writing.close();
  }
}
