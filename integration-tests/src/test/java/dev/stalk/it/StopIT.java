package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A worker process that is asked to stop: what becomes of what it holds, and its exit code. */
class StopIT {
  private final Interop peers = new Interop();

  @AfterEach
  void stop() {
    peers.close();
  }

  /** Has a message of this task running, one waiting behind it, and one parked. */
  private WorkerProcess busy(PythonSession python, String task, double seconds) throws Exception {
    WorkerProcess worker = WorkerProcess.start(peers, "java", 1);
    python.eval("app.send_task('java.add', (1, 1), queue='java', countdown=3600)");
    Interop.await(
        "one is parked",
        () -> peers.number("HLEN", "unacked") == 1 && peers.number("LLEN", "java") == 0);
    python.eval(
        "rs = [app.send_task('%s', ('k', str(i), %s), queue='java') for i in range(2)]"
            .formatted(task, seconds));
    Interop.await("one runs", () -> peers.number("LLEN", "k-began") == 1);
    Interop.await("the other is fetched", () -> peers.number("LLEN", "java") == 0);
    return worker;
  }

  @Test
  void aWarmStopFinishesWhatRunsAndReturnsTheRest() throws Exception {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(python, "interop.mark", 4);

    assertThat(worker.terminate()).isZero();

    assertThat(python.eval("rs[0].get(timeout=10)").stringValue()).isEqualTo("0");
    assertThat(peers.list("k")).containsExactly("0");
    assertThat(peers.list("java"))
        .hasSize(1)
        .allMatch(message -> message.contains("\"redelivered\": true"));
    assertThat(peers.number("HLEN", "unacked")).isOne(); // parked for an hour
  }

  @Test
  void aSecondSignalReturnsWhatRunsToo() throws Exception {
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
  void afterTheDeadlineWhatRunsIsReturned() throws Exception {
    PythonSession python = peers.python();
    WorkerProcess worker = busy(python, "interop.mark", 60);

    assertThat(worker.terminate()).isOne();

    assertThat(peers.list("java")).hasSize(2);
  }

  @Test
  void whatWasAcknowledgedEarlyIsReportedLost() throws Exception {
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
