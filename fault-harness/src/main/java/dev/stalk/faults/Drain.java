package dev.stalk.faults;

import dev.stalk.peers.PeerUnavailableException;
import java.time.Duration;

/** Waits until all work is done. For one thread. */
final class Drain {
  private static final long LOOK = 50;

  /** Longer than the longest task. */
  private static final long QUIET = 2 * Load.LEASE.toMillis() + 1000;

  private final Stage stage;

  Drain(Stage stage) {
    this.stage = stage;
  }

  /** Waits until nothing is waiting or held. False if it took longer than that. */
  boolean await(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!isDrained()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(LOOK);
    }
    if (!stage.scenario().acksLate()) {
      awaitQuiet();
    }
    return true;
  }

  private boolean isDrained() {
    try {
      return Inventory.isDrained(stage.redis(), stage.scenario().queues());
    } catch (PeerUnavailableException e) {
      return false; // slow to answer
    }
  }

  /** What is acknowledged early may still be run when Redis knows of it no more. */
  private void awaitQuiet() throws InterruptedException {
    long before = -1;
    for (long now = stage.journals().size(); now != before; now = stage.journals().size()) {
      before = now;
      Thread.sleep(QUIET);
    }
  }

  /** What is left, for whoever has to find out why. */
  String remains() {
    StringBuilder text = new StringBuilder();
    for (String list : Inventory.lists(stage.scenario().queues())) {
      text.append("  ")
          .append(list)
          .append(": ")
          .append(stage.redis().command("LLEN", list))
          .append('\n');
    }
    text.append("  unacked: ").append(stage.redis().command("HKEYS", "unacked")).append('\n');
    text.append("  index: ")
        .append(stage.redis().command("ZRANGE", "unacked_index", "0", "-1", "WITHSCORES"));
    return text.append("\n  time: ").append(stage.redis().command("TIME")).toString();
  }
}
