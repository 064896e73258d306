package dev.stalk.faults;

import java.time.Duration;
import java.util.List;

/** How the workers of one language are started. Thread-safe. */
interface WorkerKind {
  /** What the names of Java workers begin with. */
  String JAVA = "java";

  /** What the names of Python workers begin with. */
  String PYTHON = "python";

  /**
   * Starts a worker and waits until it consumes.
   *
   * @param name the process's own name: its journal's
   * @throws dev.stalk.peers.PeerUnavailableException if it does not come up
   */
  Running start(String name);

  /** One worker process. Thread-safe. */
  interface Running {
    boolean isAlive();

    /** {@code kill -9}, and waits until it is gone. */
    void kill();

    /** SIGTERM, and waits. True if it went by itself. */
    boolean terminate(Duration patience);

    void freeze();

    void thaw();

    /** What it has printed. */
    List<String> output();
  }
}
