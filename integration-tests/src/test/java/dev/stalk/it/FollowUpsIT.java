package dev.stalk.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stalk.peers.PythonRaised;
import dev.stalk.peers.PythonSession;
import dev.stalk.worker.Worker;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Chains, callbacks and errbacks that a Celery client makes, with Java tasks in them. */
class FollowUpsIT {
  private static Interop peers;
  private static PythonSession python;

  @BeforeAll
  static void start() {
    peers = new Interop();
    peers.celeryWorker(2, "python");
    peers.javaWorker("java");
    python = peers.python();
    python.eval(
        """
        from celery import signature
        def java(*args, **options): return signature('java.add', args).set(queue='java', **options)
        def py(*args, **options): return signature('interop.add', args).set(queue='python', **options)
        """);
  }

  @AfterAll
  static void stop() throws Exception {
    peers.close();
  }

  @Test
  void aChainGoesBackAndForthBetweenTheLanguages() {
    assertThat(
            python
                .eval(
                    """
                    r = (java(1, 2) | py(10) | java(100) | java(1000) | py(10000)).apply_async()
                    value = r.get(timeout=50)
                    chain, at = [], r
                    while at is not None:
                        chain.append(at.get(timeout=50))
                        at = at.parent
                    [value, chain, [c.id for c in r.parent.children] == [r.id]]
                    """)
                .toString())
        .isEqualTo("[11113,[11113,1113,113,13,3],true]");
  }

  @Test
  void aCallbackGetsTheResult() {
    python.eval(
        "r = java(2, 3).apply_async(link=[signature('interop.mark', ('linked', 'x'), immutable=True).set(queue='python'), py(5)])");

    assertThat(python.eval("[r.get(timeout=50), len(r.children)]").toString()).isEqualTo("[5,1]");
    assertThat(python.eval("r.children[0].get(timeout=50)").toString()).isEqualTo("[\"x\",10]");
  }

  @Test
  void anErrbackGetsTheIdOnce() {
    python.eval(
        """
        r = signature('java.fail', ('boom',)).set(queue='java').apply_async(
            link_error=signature('interop.note', ('failures',)).set(queue='python'))
        r.get(timeout=50, propagate=False)
        """);

    Interop.await("the errback has run", () -> peers.number("LLEN", "failures") == 1);
    assertThat(peers.list("failures")).containsExactly(python.eval("r.id").stringValue());
    Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);
    assertThat(peers.number("LLEN", "failures")).isOne();
  }

  @Test
  void aTaskThatNothingStopsCallsItsErrbacksOnceThoughItEndsLater() {
    JavaTasks stuck = new JavaTasks(peers::note);
    Worker worker = peers.worker(builder -> builder.tasks(stuck), "stuck");
    try {
      python.eval(
          """
          r = signature('java.spin', ('spins',)).set(queue='stuck', time_limit=1).apply_async(
              link_error=[signature('interop.note', ('timeouts',)).set(queue='python'),
                          signature('interop.mark', ('alone', 'own'), immutable=True).set(queue='python')])
          r.get(timeout=50, propagate=False)
          """);
      Interop.await(
          "the errbacks have run",
          () -> peers.number("LLEN", "timeouts") == 1 && peers.number("LLEN", "alone") == 1);
    } finally {
      stuck.release();
    }
    worker.stop(Duration.ofSeconds(20)); // what was stuck has returned, for nothing
    Interop.await("nothing waits", () -> peers.number("LLEN", "python") == 0);
    Interop.await("nothing is held", () -> peers.number("HLEN", "unacked") == 0);

    assertThat(python.eval("[r.state, type(r.result).__name__]").toString())
        .isEqualTo("[\"FAILURE\",\"TimeLimitExceeded\"]");
    assertThat(peers.list("timeouts")).containsExactly(python.eval("r.id").stringValue());
    assertThat(peers.list("alone")).containsExactly("own");
  }

  @Test
  void aFailedStepFailsAllLaterOnes() {
    assertThatThrownBy(
            () ->
                python.eval(
                    """
                    first = signature('java.fail', ('boom',)).set(queue='java')
                    r = (first | py(10) | java(100)).apply_async()
                    r.get(timeout=50)
                    """))
        .isInstanceOfSatisfying(
            PythonRaised.class,
            raised -> assertThat(raised.type()).isEqualTo("IllegalStateException"));
    assertThat(python.eval("[r.state, r.parent.state, r.parent.parent.state]").toString())
        .isEqualTo("[\"FAILURE\",\"FAILURE\",\"FAILURE\"]");
  }

  @Test
  void aChordIsRefusedWhole() {
    assertThatThrownBy(
            () ->
                python.eval(
                    """
                    from celery import chord
                    r = chord([java(1, 1), java(2, 2)])(signature('interop.echo').set(queue='python'))
                    r.parent.get(timeout=50)
                    """))
        .isInstanceOfSatisfying(
            PythonRaised.class, raised -> assertThat(raised.mro()).contains("NotImplementedError"));
  }
}
