package dev.stalk.benchmarks.subject;

import dev.stalk.worker.Task;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The tasks of the benchmarks. {@code bench_tasks.py} has the same. */
public final class BenchTasks {
  private static final int MEBIBYTE = 1 << 20;
  private static final int CALL_TIMEOUT_MILLIS = 1000;

  /** Does nothing with whatever it is given. */
  @Task("bench.nothing")
  public @Nullable Object nothing(@Nullable String payload) {
    return null;
  }

  /** When it began, in seconds since 1970. */
  @Task("bench.clock")
  public double clock() {
    Instant now = Instant.now();
    return now.getEpochSecond() + now.getNano() / 1e9;
  }

  /** Who ran it, and when. */
  @Task("bench.who")
  public List<Object> who() {
    return List.of("java", clock());
  }

  /** Keeps its thread. */
  @Task("bench.sleep")
  public void sleep(double seconds) throws InterruptedException {
    TimeUnit.MICROSECONDS.sleep((long) (seconds * 1e6));
  }

  /** Keeps its thread for ever, and does not listen to interrupts. */
  @Task("bench.hang")
  public void hang() {
    while (true) {
      LockSupport.park(this);
      Thread.interrupted();
    }
  }

  /** Keeps a processor busy. */
  @Task("bench.burn")
  public double burn(double seconds) {
    long end = System.nanoTime() + (long) (seconds * 1e9);
    double value = 1;
    while (System.nanoTime() < end) {
      for (int i = 0; i < 1000; i++) {
        value = Math.sqrt(value + i);
      }
    }
    return value;
  }

  /** Fails. */
  @Task("bench.fail")
  public void fail() {
    throw new IllegalStateException("as it was told");
  }

  /** Allocates that much, a mebibyte at a time, and keeps hold of the last eight. */
  @Task("bench.allocate")
  public int allocate(int mebibytes) {
    byte[][] kept = new byte[8][];
    int sum = 0;
    for (int i = 0; i < mebibytes; i++) {
      byte[] block = new byte[MEBIBYTE];
      block[i] = 1;
      kept[i % kept.length] = block;
      sum += kept[0][0];
    }
    return sum;
  }

  /**
   * Asks the dependency on this port of the loopback, which answers with a byte; tries again after
   * 1, 2 and 4 s if it does not.
   */
  @Task(
      value = "bench.call",
      autoRetryFor = IOException.class,
      maxRetries = 3,
      retryBackoff = "1s",
      retryJitter = false)
  public int call(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(CALL_TIMEOUT_MILLIS);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CALL_TIMEOUT_MILLIS);
      int answer = socket.getInputStream().read();
      if (answer < 0) {
        throw new IOException("the dependency hung up");
      }
      return answer;
    }
  }
}
