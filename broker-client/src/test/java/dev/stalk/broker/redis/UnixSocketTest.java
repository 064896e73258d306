package dev.stalk.broker.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
  @TempDir Path directory;

  private final ExecutorService other = Executors.newSingleThreadExecutor();
  private ServerSocketChannel listener;
  private UnixSocket socket;
  private SocketChannel peer;

  @BeforeEach
  void connect() throws IOException {
    Path path = directory.resolve("s");
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path));
    socket = UnixSocket.connect(path.toString());
    peer = listener.accept();
  }

  @AfterEach
  void close() throws IOException {
    other.shutdownNow();
    socket.close();
    peer.close();
    listener.close();
  }

  @Test
  void whatIsWrittenArrivesAndTheEndIsSeen() throws Exception {
    byte[] much = new byte[4 << 20]; // more than the system buffers
    Future<?> written =
        other.submit(
            () -> {
              socket.getOutputStream().write(much);
              return null;
            });
    ByteBuffer read = ByteBuffer.allocate(much.length);
    while (read.hasRemaining()) {
      assertThat(peer.read(read)).isPositive();
    }
    written.get(30, TimeUnit.SECONDS);
    peer.write(ByteBuffer.wrap(new byte[] {(byte) 200}));
    peer.close();

    assertThat(socket.getInputStream().read()).isEqualTo(200);
    assertThat(socket.getInputStream().read()).isEqualTo(-1);
  }

  @Test
  void readingEndsAfterItsTimeAndCanGoOn() throws Exception {
    socket.setSoTimeout(20);

    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class)
        .hasMessage("Read timed out");
    peer.write(ByteBuffer.wrap(new byte[] {7}));
    assertThat(socket.getInputStream().read()).isEqualTo(7);
  }

  @Test
  void anInterruptedThreadReadsOnAndStaysInterrupted() throws Exception {
    socket.setSoTimeout(30_000);
    Thread.currentThread().interrupt();
    var unused = other.submit(() -> peer.write(ByteBuffer.wrap(new byte[] {7})));

    assertThat(socket.getInputStream().read()).isEqualTo(7);
    Thread.interrupted(); // whether it was set again depends on whether it had to wait
    assertThat(socket.isClosed()).isFalse();
  }

  @Test
  void closingWakesTheReader() throws Exception {
    Future<Integer> reading = other.submit(() -> socket.getInputStream().read());
    assertThatThrownBy(() -> reading.get(50, TimeUnit.MILLISECONDS))
        .isInstanceOf(java.util.concurrent.TimeoutException.class);

    socket.close();

    assertThatThrownBy(() -> reading.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IOException.class);
    assertThat(socket.isClosed()).isTrue();
  }

  @Test
  void nobodyListeningIsAnError() {
    assertThatThrownBy(() -> UnixSocket.connect(directory.resolve("none").toString()))
        .isInstanceOf(IOException.class);
  }
}
