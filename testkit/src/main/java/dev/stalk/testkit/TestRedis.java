package dev.stalk.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A Redis to test with: a server of the test's own on a free port of 127.0.0.1, which saves
 * nothing, or one that runs already. The first of these that is given:
 *
 * <ol>
 *   <li>the address in the property {@code stalk.test.redis-url} or the variable {@code
 *       STALK_TEST_REDIS_URL}: that server is used, and left running
 *   <li>the program in {@code stalk.test.redis-server} or {@code STALK_TEST_REDIS_SERVER}
 *   <li>the program in the optional dependency {@code com.github.codemonstur:embedded-redis}
 * </ol>
 *
 * <p>A server that was started ends when it is closed, and at the latest with the virtual machine.
 * Thread-safe.
 */
public final class TestRedis implements AutoCloseable {
  static final String URL = "stalk.test.redis-url";
  static final String URL_VARIABLE = "STALK_TEST_REDIS_URL";
  static final String SERVER = "stalk.test.redis-server";
  static final String SERVER_VARIABLE = "STALK_TEST_REDIS_SERVER";

  private static final Duration STARTUP = Duration.ofSeconds(30);
  private static final int ATTEMPTS = 5;
  private static final int ANSWER_MILLIS = 2000;
  private static final int FIRST_PORT = 16_384;
  private static final int AFTER_LAST_PORT = 32_768;

  private static @Nullable TestRedis shared; // guarded by the class

  private final String url;
  private final @Nullable Process process;
  private final @Nullable Thread atExit;

  private TestRedis(String url, @Nullable Process process) {
    this.url = url;
    this.process = process;
    this.atExit =
        process == null ? null : new Thread(process::destroyForcibly, "stalk-test-redis-end");
    if (atExit != null) {
      Runtime.getRuntime().addShutdownHook(atExit);
    }
  }

  /**
   * The one that all tests of this virtual machine share, started when it is first asked for.
   *
   * @throws TestRedisException if there is none, with what can be done about it
   */
  public static synchronized TestRedis shared() {
    TestRedis redis = shared;
    if (redis == null || !redis.isAlive()) {
      redis = start();
      shared = redis;
    }
    return redis;
  }

  /**
   * One of the test's own; where an address is given it is that server all the same.
   *
   * @throws TestRedisException if there is none, with what can be done about it
   */
  public static TestRedis start() {
    return start(System::getProperty, System.getenv());
  }

  static TestRedis start(
      Function<String, @Nullable String> properties, Map<String, String> environment) {
    String address = setting(properties.apply(URL), environment.get(URL_VARIABLE));
    if (!address.isEmpty()) {
      return at(address);
    }
    String program = setting(properties.apply(SERVER), environment.get(SERVER_VARIABLE));
    if (program.isEmpty()) {
      return run(EmbeddedRedis.program());
    }
    if (!Files.isExecutable(Path.of(program))) {
      throw new TestRedisException("There is no program " + program + ".", null);
    }
    return run(Path.of(program));
  }

  private static String setting(@Nullable String property, @Nullable String variable) {
    return property != null && !property.isEmpty() ? property : variable == null ? "" : variable;
  }

  /** A server that runs already, and goes on when this is closed. */
  public static TestRedis at(String url) {
    return new TestRedis(url, null);
  }

  /** The port may be taken by somebody else before the server has it: then another one. */
  private static TestRedis run(Path program) {
    IOException last = null;
    String output = "";
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        int port = freePort();
        Path log = Files.createTempFile("stalk-test-redis-", ".log");
        log.toFile().deleteOnExit();
        Process process = launch(program, port, log);
        if (becomesReady(process, port)) {
          return new TestRedis("redis://127.0.0.1:%d/0".formatted(port), process);
        }
        process.destroyForcibly();
        output = Files.readString(log, StandardCharsets.ISO_8859_1);
      } catch (IOException e) { // "text file busy", if another thread has just started a program
        last = e;
      }
    }
    throw new TestRedisException(
        "%s could not be started: %s."
            .formatted(program, output.isEmpty() ? String.valueOf(last) : output.strip()),
        last);
  }

  private static Process launch(Path program, int port, Path log) throws IOException {
    return new ProcessBuilder(
            program.toString(),
            "--port",
            Integer.toString(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            System.getProperty("java.io.tmpdir"))
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static boolean becomesReady(Process process, int port) {
    long deadline = System.nanoTime() + STARTUP.toNanos();
    try {
      while (System.nanoTime() < deadline) {
        if (answers(port)) {
          return process.isAlive();
        }
        if (process.waitFor(10, TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(loopback(), port), ANSWER_MILLIS);
      socket.setSoTimeout(ANSWER_MILLIS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream answer = socket.getInputStream();
      return new String(answer.readNBytes(5), StandardCharsets.US_ASCII).equals("+PONG");
    } catch (IOException e) {
      return false;
    }
  }

  private static InetAddress loopback() throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
  }

  /** Below the range that systems give to outgoing connections. */
  private static int freePort() throws IOException {
    IOException last = new IOException("no free port on 127.0.0.1");
    for (int attempt = 0; attempt < 100; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, AFTER_LAST_PORT);
      try (ServerSocket probe = new ServerSocket(port, 1, loopback())) {
        return probe.getLocalPort();
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  /** The address, of database 0 where the server was started here. */
  public String url() {
    return url;
  }

  /** Whether a server that was started here still runs; true for one that was not. */
  public boolean isAlive() {
    return process == null || process.isAlive();
  }

  /** Kills a server that was started here; closing twice does nothing. */
  @Override
  public void close() {
    if (process == null || atExit == null || !process.isAlive()) {
      return;
    }
    process.destroyForcibly();
    try {
      process.waitFor();
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      return; // the virtual machine is ending: the hook does it
    }
  }

  @Override
  public String toString() {
    return url;
  }
}
