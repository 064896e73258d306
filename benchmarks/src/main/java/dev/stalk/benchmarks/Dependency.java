package dev.stalk.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A service that tasks call, on the loopback; it answers each call after a few milliseconds. */
final class Dependency implements AutoCloseable {
  /** What it does with calls while it is down. */
  enum Manner {
    /** Hangs up at once. */
    REFUSES("hangs up at once"),
    /** Never answers, so that each call costs its caller a timeout. */
    SILENT("does not answer");

    private final String words;

    Manner(String words) {
      this.words = words;
    }

    /** How tables call it. */
    String words() {
      return words;
    }
  }

  private static final long ANSWER_MILLIS = 5;
  private static final int THREADS = 64;

  private final ServerSocket server;
  private final List<Double> answers = Collections.synchronizedList(new ArrayList<>());
  private final List<Socket> ignored = Collections.synchronizedList(new ArrayList<>());
  private final ExecutorService pool =
      Executors.newFixedThreadPool(
          THREADS,
          work -> {
            Thread thread = new Thread(work, "dependency");
            thread.setDaemon(true);
            return thread;
          });
  private final Manner manner;
  private final AtomicInteger inVain = new AtomicInteger();
  private volatile boolean up = true;

  private Dependency(ServerSocket server, Manner manner) {
    this.server = server;
    this.manner = manner;
  }

  /** Opens one on a free port; it is up. */
  static Dependency open(Manner manner) throws IOException {
    Dependency dependency =
        new Dependency(new ServerSocket(0, 1024, InetAddress.getLoopbackAddress()), manner);
    Thread thread = new Thread(dependency::accept, "dependency-accept");
    thread.setDaemon(true);
    thread.start();
    return dependency;
  }

  int port() {
    return server.getLocalPort();
  }

  void goDown() {
    up = false;
  }

  void comeBack() {
    up = true;
  }

  /** When it gave its answers, in seconds since 1970. */
  List<Double> answers() {
    synchronized (answers) {
      return List.copyOf(answers);
    }
  }

  /** How many calls it did not answer. */
  int inVain() {
    return inVain.get();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket caller = server.accept();
        if (up) {
          var unused = pool.submit(() -> answer(caller));
        } else {
          inVain.incrementAndGet();
          refuse(caller);
        }
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new IllegalStateException("the dependency cannot take calls", e);
        }
      }
    }
  }

  private void refuse(Socket caller) throws IOException {
    if (manner == Manner.REFUSES) {
      caller.close();
    } else {
      ignored.add(caller);
    }
  }

  private Void answer(Socket caller) throws IOException, InterruptedException {
    try (caller) {
      TimeUnit.MILLISECONDS.sleep(ANSWER_MILLIS);
      caller.getOutputStream().write(1);
      answers.add(Probe.seconds(java.time.Instant.now()));
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    pool.shutdownNow();
    for (Socket socket : List.copyOf(ignored)) {
      socket.close();
    }
  }
}
