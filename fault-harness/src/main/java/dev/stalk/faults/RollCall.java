package dev.stalk.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Finds the workers that are alive and ready but take no tasks any more, by sending easy tasks
 * until every one has run one. For one thread.
 */
final class RollCall {
  private static final int CALLS = 8;
  private static final int EACH = 6;
  private static final long MILLIS = 50;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Stage stage;
  private final Drain drain;

  RollCall(Stage stage, Drain drain) {
    this.stage = stage;
    this.drain = drain;
  }

  /**
   * Calls until all have answered, or it is hopeless.
   *
   * @param prefix what the tasks' ids begin with
   * @param ledger where the tasks are entered
   * @return the names of those that have run none
   */
  List<String> deaf(String prefix, Ledger ledger) throws InterruptedException {
    Set<String> missing = new HashSet<>(stage.fleet().instances());
    long since = stage.clock().millis();
    for (int call = 0; call < CALLS && !missing.isEmpty(); call++) {
      send(prefix + "call" + call + "-", ledger);
      boolean drained = drain.await(PATIENCE);
      for (List<Execution> runs : stage.journals().executions().values()) {
        runs.stream()
            .filter(run -> run.began() >= since)
            .forEach(run -> missing.remove(run.worker()));
      }
      if (!drained && call > 1) {
        break; // more calls would only make the queue longer
      }
    }
    missing.retainAll(stage.fleet().instances());
    return List.copyOf(missing);
  }

  private void send(String prefix, Ledger ledger) {
    List<Load.Job> jobs = new ArrayList<>();
    for (String queue : stage.scenario().queues()) {
      for (int i = 0; i < EACH * stage.fleet().slots().size(); i++) {
        jobs.add(new Load.Job(prefix + queue + i, queue, MILLIS, Duration.ZERO, 0));
      }
    }
    long from = stage.clock().millis();
    var unused = stage.client().sendAll(jobs.stream().map(Producers::signature).toList());
    Span when = new Span(from, stage.clock().millis());
    jobs.forEach(
        job -> ledger.enter(new Ledger.Entry(job, WorkerKind.JAVA, when, Ledger.Fate.SENT)));
  }
}
