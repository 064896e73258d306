package dev.stalk.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Stands before a server on the loopback and, when told to, cuts a connection at the worst instant:
 * after the server has carried out a certain request, before its answer is there. Close it to end
 * all of its connections and threads.
 */
final class CuttingProxy implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  private final ServerSocket listening;
  private final int target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicReference<String> what = new AtomicReference<>("");
  private final AtomicInteger left = new AtomicInteger();
  private final AtomicInteger cut = new AtomicInteger();

  private CuttingProxy(ServerSocket listening, int target) {
    this.listening = listening;
    this.target = target;
  }

  /** Opens one before this port of the loopback. */
  static CuttingProxy before(int target) {
    try {
      ServerSocket listening = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
      CuttingProxy proxy = new CuttingProxy(listening, target);
      thread("accept", proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The address of a Redis behind it. */
  String url() {
    return "redis://127.0.0.1:" + listening.getLocalPort() + "/0";
  }

  /** So many of the next requests that hold this text get no answer, but a closed connection. */
  void cutAnswersTo(String text, int times) {
    what.set(text);
    left.set(times);
  }

  /** How many answers were cut off so far. */
  int cuts() {
    return cut.get();
  }

  private static void thread(String role, Runnable work) {
    Thread thread = new Thread(work, "cutting-proxy-" + role);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        sockets.add(client);
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(server);
        Link link = new Link(client, server);
        thread("requests", link::requests);
        thread("answers", link::answers);
      } catch (IOException closedOrRefused) {
        // whoever wanted to connect finds out
      }
    }
  }

  private final class Link {
    private final Socket client;
    private final Socket server;
    private volatile boolean doomed;

    Link(Socket client, Socket server) {
      this.client = client;
      this.server = server;
    }

    void requests() {
      forward(client, server, this::doomIfChosen);
    }

    /** Before the request goes on: nothing that answers it may come through. */
    private boolean doomIfChosen(String request) {
      if (request.contains(what.get()) && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        doomed = true;
      }
      return true;
    }

    void answers() {
      forward(server, client, answer -> !doomed);
      if (doomed) {
        cut.incrementAndGet();
      }
    }

    /** Until either side has closed, or something may not pass. */
    private void forward(Socket from, Socket to, Gate gate) {
      byte[] chunk = new byte[CHUNK];
      try (from;
          to) {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        for (int n = in.read(chunk); n > 0; n = in.read(chunk)) {
          if (!gate.lets(new String(chunk, 0, n, StandardCharsets.ISO_8859_1))) {
            return;
          }
          out.write(chunk, 0, n);
        }
      } catch (IOException cut) {
        // the other direction ends with it
      } finally {
        sockets.remove(from);
        sockets.remove(to);
      }
    }
  }

  /** Whether a piece of a stream may pass. */
  private interface Gate {
    boolean lets(String piece);
  }

  @Override
  public void close() {
    try {
      listening.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
