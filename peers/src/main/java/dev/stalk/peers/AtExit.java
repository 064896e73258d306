package dev.stalk.peers;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is to be cleaned away when the virtual machine exits, the youngest first, so that a process
 * is gone before the directory it writes to.
 *
 * <p>One shutdown hook, the thread {@code peers-at-exit}, runs the actions. They must be quick and
 * take no lock that somebody may hold for long. Safe for use by many threads.
 */
final class AtExit {

  private static final Logger log = LoggerFactory.getLogger(AtExit.class);

  /** Guarded by itself. */
  private static final Deque<Registration> registrations = new ArrayDeque<>();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(AtExit::runAll, "peers-at-exit"));
  }

  private AtExit() {}

  /** Has the action run at exit, unless its registration is cancelled before. */
  static Registration run(Runnable action) {
    Registration registration = new Registration(action);
    synchronized (registrations) {
      registrations.push(registration);
    }
    return registration;
  }

  private static void runAll() {
    for (Registration next = take(); next != null; next = take()) {
      try {
        next.action.run();
      } catch (RuntimeException e) {
        log.warn("could not clean up at exit", e);
      }
    }
  }

  private static @Nullable Registration take() {
    synchronized (registrations) {
      return registrations.poll();
    }
  }

  /** An action that waits for the exit. */
  static final class Registration {

    private final Runnable action;

    private Registration(Runnable action) {
      this.action = action;
    }

    /** The action is no longer needed. Does nothing the second time. */
    void cancel() {
      synchronized (registrations) {
        registrations.remove(this);
      }
    }
  }
}
