package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A worker process that is asked to stop: what becomes of what it holds, and its exit code. */
class StopIT {
  /** Both at one instant: what is returned meanwhile is in one of the two places. */
  private static final String WAITING_AND_HELD =
      "return redis.call('LLEN', KEYS[1]) + redis.call('HLEN', KEYS[2])";

  private final Interop peers = new Interop();

  @AfterEach
  void stop() {
    peers.close();
  }

  /** Has a message of this task running, one waiting behind it, and one parked. */
  private WorkerProcess busy(PythonSession python, String task, double seconds) {
    return busy(process(Map.of()), python, task, seconds);
  }

  private WorkerProcess patient() {
    return process(Map.of(WorkerProcess.DEADLINE, "60"));
  }

  private WorkerProcess process(Map<String, String> variables) {
    Map<String, String> all = new HashMap<>(variables);
    all.put(WorkerProcess.LEASE_SECONDS, WorkerProcess.LONG);
    return WorkerProcess.start(peers, "java", 1, all);
  }

  private WorkerProcess busy(
      WorkerProcess worker, PythonSession python, String task, double seconds) {
    python.eval("app.send_task('java.add', (1, 1), queue='java', countdown=3600)");
    Interop.await(
        "one is parked",
        () -> peers.number("HLEN", "unacked") == 1 && peers.number("LLEN", "java") == 0);
    python.eval(
        "rs = [app.send_task('%s', ('k', str(i), %s), queue='java') for i in range(2)]"
            .formatted(task, seconds));
    Interop.await("one runs", () -> peers.number("LLEN", "k-began") >= 1);
    Interop.await("the other is fetched", () -> peers.number("LLEN", "java") == 0);
    return worker;
  }

  @Test
  void aWarmStopFinishesWhatRunsAndReturnsTheRest() {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(patient(), python, "interop.mark", 10);

    assertThat(worker.terminate()).isZero();

    assertThat(python.eval("rs[0].get(timeout=10)").stringValue()).isEqualTo("0");
    assertThat(peers.list("k")).containsExactly("0");
    assertThat(peers.list("java"))
        .hasSize(1)
        .allMatch(message -> message.contains("\"redelivered\": true"));
    assertThat(peers.number("HLEN", "unacked")).isOne(); // parked for an hour
  }

  @Test
  void aSecondSignalReturnsWhatRunsToo() {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(python, "interop.mark", 60);

    worker.signal();
    Interop.await("the waiting one is returned", () -> peers.number("LLEN", "java") == 1);
    worker.signal();

    assertThat(worker.exit()).isOne();
    assertThat(peers.list("java"))
        .hasSize(2)
        .allMatch(message -> message.contains("\"redelivered\": true"));
    assertThat(peers.number("EXISTS", "k")).isZero();
    peers.javaWorker("java");
    Interop.await("they run again", () -> peers.number("LLEN", "k-began") >= 3);
  }

  @Test
  void aColdStopReturnsEverythingAtOnce() {
    PythonSession python = peers.python();
    WorkerProcess cold = process(Map.of("REMAP_SIGTERM", "SIGQUIT", WorkerProcess.DEADLINE, "45"));
    WorkerProcess worker = busy(cold, python, "interop.mark", 120);
    long began = System.nanoTime();

    worker.signal("TERM");

    assertThat(worker.exit()).isOne();
    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .as("without the 45 seconds of its deadline")
        .isLessThan(Duration.ofSeconds(30));
    assertThat(peers.list("java"))
        .hasSize(2)
        .allMatch(message -> message.contains("\"redelivered\": true"));
    assertThat(peers.number("HLEN", "unacked")).isOne(); // parked for an hour
    assertThat(peers.number("EXISTS", "k")).isZero();
  }

  /** It is the JVM's own: it prints its threads, which is all that Celery's cold stop is not. */
  @Test
  void quitStopsNothing() {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(python, "interop.mark", 2);

    worker.signal("QUIT");

    worker.awaitOutput("Full thread dump");
    assertThat(python.eval("rs[1].get(timeout=30)").stringValue()).isEqualTo("1");
    assertThat(worker.terminate()).isZero();
  }

  /** With Redis frozen nothing can be returned, and the second signal does not end the process. */
  @Test
  void aThirdSignalEndsOnTheSpotAndWhatWasHeldReturnsByItsLease() {
    PythonSession python = peers.python();
    WorkerProcess shortLease = WorkerProcess.start(peers, "java", 1);
    WorkerProcess worker = busy(shortLease, python, "interop.mark", 60);
    peers.redis().freeze();

    worker.signal("TERM");
    worker.signal("INT");
    worker.signal("TERM");

    assertThat(worker.exit()).isOne();
    peers.redis().thaw();
    assertThat(peers.number("EVAL", WAITING_AND_HELD, "2", "java", "unacked"))
        .as("in their list, if Redis still had the words to return them; else held; never gone")
        .isEqualTo(3);
    peers.javaWorker(peers.config().lease(WorkerProcess.LEASE).build(), 2, "java");
    Interop.await("both run elsewhere", () -> peers.number("LLEN", "k-began-java") >= 2);
  }

  @Test
  void afterTheDeadlineWhatRunsIsReturned() {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(python, "interop.mark", 60);

    assertThat(worker.terminate()).isOne();

    assertThat(peers.list("java")).hasSize(2);
  }

  /** Kubernetes kills what has not ended 30 seconds after it was asked to. */
  @Test
  void byDefaultAStopIsOverBeforeAContainerIsKilled() {
    PythonSession python = peers.python();
    WorkerProcess patient = process(Map.of(WorkerProcess.DEADLINE, WorkerProcess.AS_IT_COMES));
    WorkerProcess worker = busy(patient, python, "interop.mark", 300);
    long began = System.nanoTime();

    assertThat(worker.terminate()).isOne();

    assertThat(Duration.ofNanos(System.nanoTime() - began))
        .isBetween(Duration.ofSeconds(24), Duration.ofSeconds(30));
    assertThat(peers.list("java")).hasSize(2);
    assertThat(peers.number("HLEN", "unacked")).isOne(); // parked for an hour
  }

  @Test
  void whatWasAcknowledgedEarlyIsReportedLost() {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(python, "java.mark_early", 60);

    worker.signal();
    Interop.await("the waiting one is returned", () -> peers.number("LLEN", "java") == 1);
    worker.signal();

    assertThat(worker.exit()).isOne();
    assertThatThrownBy(() -> python.eval("rs[0].get(timeout=10)"))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.type()).isEqualTo("WorkerLostError"));
    assertThat(peers.list("java")).hasSize(1);
  }
}
