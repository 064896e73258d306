package dev.stalk.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DelayProxyTest {
  private static final Duration ROUND_TRIP = Duration.ofMillis(40);

  private ServerSocket echo;

  @BeforeEach
  void startEcho() throws IOException {
    echo = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "echo");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve() {
    try (Socket caller = echo.accept()) {
      caller.getInputStream().transferTo(caller.getOutputStream());
    } catch (IOException e) {
      assertThat(echo.isClosed()).as("only its end may interrupt the echo: " + e).isTrue();
    }
  }

  @AfterEach
  void stopEcho() throws IOException {
    echo.close();
  }

  private static Socket connect(DelayProxy proxy) throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), proxy.port());
  }

  @Test
  void aRoundTripTakesAtLeastWhatWasAskedFor() throws IOException {
    try (DelayProxy proxy = DelayProxy.open(echo.getLocalPort(), ROUND_TRIP);
        Socket socket = connect(proxy)) {
      long start = System.nanoTime();
      socket.getOutputStream().write(7);
      int answer = socket.getInputStream().read();

      assertThat(answer).isEqualTo(7);
      assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(ROUND_TRIP.toNanos());
    }
  }

  @Test
  void whatIsUnderWayTogetherIsDelayedTogether() throws IOException {
    byte[] much = new byte[4 << 20];
    new Random(1).nextBytes(much);
    try (DelayProxy proxy = DelayProxy.open(echo.getLocalPort(), Duration.ofSeconds(2));
        Socket socket = connect(proxy)) {
      Thread writer = new Thread(() -> write(socket, much), "writer");
      long start = System.nanoTime();
      writer.start();
      byte[] back = socket.getInputStream().readNBytes(much.length);

      assertThat(back).isEqualTo(much);
      // chunk after chunk it would be 64 times two seconds
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(40));
    }
  }

  private static void write(Socket socket, byte[] bytes) {
    try {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void theEndOfOneSideReachesTheOther() throws IOException {
    DelayProxy proxy = DelayProxy.open(echo.getLocalPort(), ROUND_TRIP);
    try (Socket socket = connect(proxy)) {
      socket.getOutputStream().write(1);
      InputStream in = socket.getInputStream();
      assertThat(in.read()).isEqualTo(1);

      proxy.close();

      assertThat(readOrEnd(in)).isNegative();
    }
  }

  private static int readOrEnd(InputStream in) {
    try {
      return in.read();
    } catch (IOException e) {
      return -1; // reset: an end as well
    }
  }
}
