package dev.stalk.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Stands before a server on the loopback and makes every round trip longer, as a network does: what
 * arrives leaves half a round trip later, however much else is under way. Close it to end all of
 * its connections and threads.
 */
final class DelayProxy implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;

  private final ServerSocket server;
  private final int target;
  private final long oneWayNanos;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  /** What has arrived, and when it is to leave; null bytes at the end of the stream. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Parcel(byte @Nullable [] bytes, long due) {}

  private DelayProxy(ServerSocket server, int target, Duration roundTrip) {
    this.server = server;
    this.target = target;
    this.oneWayNanos = roundTrip.toNanos() / 2;
  }

  /**
   * Opens one on a free port.
   *
   * @param target the server's port on the loopback
   * @param roundTrip what it adds to each round trip
   */
  static DelayProxy open(int target, Duration roundTrip) throws IOException {
    ServerSocket server = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
    DelayProxy proxy = new DelayProxy(server, target, roundTrip);
    thread("accept", proxy::accept);
    return proxy;
  }

  int port() {
    return server.getLocalPort();
  }

  private static void thread(String role, Runnable work) {
    Thread thread = new Thread(work, "delay-proxy-" + role);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket near = server.accept();
        Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(near);
        sockets.add(far);
        near.setTcpNoDelay(true);
        far.setTcpNoDelay(true);
        pipe(near, far);
        pipe(far, near);
      } catch (IOException e) {
        if (!server.isClosed()) {
          throw new IllegalStateException("the proxy cannot reach port " + target, e);
        }
      }
    }
  }

  private void pipe(Socket from, Socket to) {
    BlockingQueue<Parcel> parcels = new LinkedBlockingQueue<>();
    thread("read", () -> read(from, parcels));
    thread("write", () -> write(to, parcels));
  }

  private void read(Socket from, BlockingQueue<Parcel> parcels) {
    try {
      InputStream in = from.getInputStream();
      byte[] buffer = new byte[CHUNK];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        byte[] bytes = java.util.Arrays.copyOf(buffer, length);
        parcels.add(new Parcel(bytes, System.nanoTime() + oneWayNanos));
      }
    } catch (IOException e) {
      // closed, by either side or by us: the other half is told below
    }
    parcels.add(new Parcel(null, System.nanoTime() + oneWayNanos));
  }

  private void write(Socket to, BlockingQueue<Parcel> parcels) {
    try (to) {
      OutputStream out = to.getOutputStream();
      while (true) {
        Parcel parcel = parcels.take();
        await(parcel.due());
        if (parcel.bytes() == null) {
          return;
        }
        out.write(parcel.bytes());
      }
    } catch (IOException e) {
      // closed: what was still under way is lost, as on a network
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts this thread", e);
    } finally {
      sockets.remove(to);
    }
  }

  private static void await(long due) {
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
