package dev.stalk.faults;

import dev.stalk.peers.PeerUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A place in the fleet, where a worker process runs, and after its end the next one. A thread named
 * after the slot starts them; another one waits for those that are asked to stop. Thread-safe.
 */
final class WorkerSlot implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WorkerSlot.class);
  private static final Duration STOP = Duration.ofSeconds(25);
  private static final long LOOK = 10;
  private static final int TAIL = 40;

  private final String name;
  private final WorkerKind kind;
  private final Timeline timeline;
  private final Clock clock;
  private final Thread keeper;
  private final ExecutorService stopper;

  // guarded by this
  private final List<Past> past = new ArrayList<>();
  private WorkerKind.@Nullable Running current;
  private String instance = "";
  private int generation;
  private boolean meant;
  private boolean stopping;
  private boolean closed;
  private int exits;
  private int failedStarts;
  private int stubborn;
  private final List<String> lastWords = new ArrayList<>();

  /** A process of this round. */
  private record Past(String instance, WorkerKind.Running process) {}

  WorkerSlot(String name, WorkerKind kind, Timeline timeline, Clock clock) {
    this.name = name;
    this.kind = kind;
    this.timeline = timeline;
    this.clock = clock;
    this.keeper = new Thread(this::keep, "fleet-" + name);
    this.stopper =
        Executors.newSingleThreadExecutor(task -> new Thread(task, "fleet-" + name + "-stopper"));
    keeper.setDaemon(true);
    keeper.start();
  }

  boolean isJava() {
    return name.startsWith(WorkerKind.JAVA);
  }

  // ---- the keeper

  private void keep() {
    try {
      while (!isClosed()) {
        WorkerKind.Running worker = startNext();
        if (worker != null) {
          while (worker.isAlive()) {
            Thread.sleep(LOOK);
          }
          ended(worker);
        }
      }
    } catch (InterruptedException e) {
      log.debug("{} is closed", name);
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private WorkerKind.@Nullable Running startNext() {
    String next;
    synchronized (this) {
      generation++;
      next = name + "." + generation;
    }
    try {
      WorkerKind.Running worker = kind.start(next);
      begun(next, worker);
      return worker;
    } catch (PeerUnavailableException e) { // Redis may have been away; there is another try
      synchronized (this) {
        failedStarts++;
        timeline.died(next, clock.millis());
        if (!closed) {
          log.info("{} did not start: {}", next, e.getMessage());
        }
      }
      return null;
    }
  }

  private synchronized void begun(String next, WorkerKind.Running worker) {
    past.add(new Past(next, worker));
    if (closed) {
      worker.kill();
      return;
    }
    instance = next;
    current = worker;
    meant = false;
    stopping = false;
    notifyAll();
  }

  private synchronized void ended(WorkerKind.Running worker) {
    if (current == worker) {
      current = null;
    }
    if (!meant && !closed) {
      exits++;
      timeline.died(instance, clock.millis());
      lastWords.add(instance + " ended by itself:\n" + tail(worker));
    }
  }

  private static String tail(WorkerKind.Running worker) {
    List<String> lines = worker.output();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
  }

  // ---- faults

  /** Whether a worker consumes here and nobody has asked it to stop. */
  synchronized boolean isReady() {
    return current != null && !stopping;
  }

  /** Waits until a worker consumes here. */
  synchronized boolean awaitReady(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!isReady()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  /** The name of the process that consumes here, empty if none does. */
  synchronized String instance() {
    return isReady() ? instance : "";
  }

  /** {@code kill -9}. False if there was nobody to kill. */
  boolean kill() {
    WorkerKind.Running worker;
    String victim;
    synchronized (this) {
      if (current == null || stopping) {
        return false;
      }
      worker = current;
      victim = instance;
      current = null;
      meant = true;
    }
    worker.kill();
    timeline.died(victim, clock.millis());
    return true;
  }

  /** SIGTERM, and no waiting for what comes of it. False if there was nobody to stop. */
  synchronized boolean stop() {
    if (current == null || stopping) {
      return false;
    }
    stopping = true;
    meant = true;
    String victim = instance;
    WorkerKind.Running worker = current;
    timeline.stopping(victim, clock.millis());
    stopper.execute(() -> stop(victim, worker));
    return true;
  }

  private void stop(String victim, WorkerKind.Running worker) {
    if (!worker.terminate(STOP)) {
      timeline.died(victim, clock.millis());
      synchronized (this) {
        stubborn++;
        lastWords.add(victim + " did not stop within " + STOP + ":\n" + tail(worker));
      }
    }
  }

  /** SIGSTOP; returns what undoes it, or null if there was nobody to freeze. */
  @Nullable Runnable freeze() {
    WorkerKind.Running worker;
    String victim;
    synchronized (this) {
      if (current == null || stopping) {
        return null;
      }
      worker = current;
      victim = instance;
    }
    long from = clock.millis();
    try {
      worker.freeze();
    } catch (PeerUnavailableException e) { // it ended in this very moment
      log.debug("{} was gone before it froze", victim);
      return null;
    }
    return () -> {
      try {
        worker.thaw();
      } catch (PeerUnavailableException e) { // it was killed while it stood
        log.debug("{} was gone before it thawed", victim);
      }
      timeline.stood(victim, new Span(from, clock.millis()));
    };
  }

  // ---- the books

  /** What became of this slot's processes since the last call, and forgets it. */
  synchronized Conduct conduct() {
    Conduct conduct = new Conduct(exits, failedStarts, stubborn, List.copyOf(lastWords));
    exits = 0;
    failedStarts = 0;
    stubborn = 0;
    lastWords.clear();
    return conduct;
  }

  /**
   * How the processes of a slot behaved.
   *
   * @param exits how many ended by themselves
   * @param failedStarts how many did not come up
   * @param stubborn how many did not stop when asked to
   * @param lastWords the last lines of those
   */
  record Conduct(int exits, int failedStarts, int stubborn, List<String> lastWords) {}

  /** What a process of this round has printed about one of these, or anything if none is given. */
  synchronized List<String> outputOf(String wanted) {
    return past.stream()
        .filter(process -> process.instance().equals(wanted))
        .flatMap(process -> process.process().output().stream())
        .toList();
  }

  /** Forgets the output of processes that are gone. */
  synchronized void forgetPast() {
    past.removeIf(process -> process.process() != current);
  }

  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() {
    WorkerKind.Running worker;
    synchronized (this) {
      closed = true;
      worker = current;
    }
    if (worker != null) {
      worker.kill();
    }
    stopper.shutdownNow();
    keeper.interrupt();
  }
}
