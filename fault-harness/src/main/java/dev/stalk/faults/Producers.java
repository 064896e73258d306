package dev.stalk.faults;

import dev.stalk.broker.BrokerClient;
import dev.stalk.broker.message.TaskSignature;
import dev.stalk.broker.transport.BrokerException;
import dev.stalk.peers.PythonSession;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Keeps the fleet under load: a Java producer and, where Python is there, a Python one, each with a
 * thread of its own that ends when it is told to. For one thread.
 */
final class Producers {
  private static final long PAUSE = 40;
  private static final long ENOUGH = 120;

  /** After a send that failed: a Redis that is full refuses at once. */
  private static final long PAUSE_AFTER_FAILURE = 250;

  private final List<Thread> threads = new ArrayList<>();
  private final List<Throwable> failures = new ArrayList<>();
  private volatile boolean ending;

  /** Starts them. */
  Producers(
      BrokerClient java,
      Load javaLoad,
      @Nullable PythonSession python,
      Load pythonLoad,
      Ledger ledger,
      LongSupplier waiting,
      Clock clock) {
    start("java-producer", waiting, () -> javaBatch(java, javaLoad.batch(), ledger, clock));
    if (python != null) {
      start("python-producer", waiting, () -> pythonBatch(python, pythonLoad.batch(), ledger));
    }
  }

  /** Sends no more than what can be worked off soon, so that rounds end soon. */
  private void start(String name, LongSupplier waiting, Supplier<Ledger.Fate> batch) {
    Consumer<Throwable> gaveUp =
        e -> {
          synchronized (failures) {
            failures.add(e);
          }
        };
    Thread thread =
        new Thread(
            () -> {
              try {
                while (!ending) {
                  boolean failed =
                      waiting.getAsLong() < ENOUGH && batch.get() == Ledger.Fate.UNKNOWN;
                  Thread.sleep(failed ? PAUSE_AFTER_FAILURE : PAUSE);
                }
              } catch (InterruptedException | RuntimeException | Error e) {
                gaveUp.accept(e);
              }
            },
            name);
    threads.add(thread);
    thread.start();
  }

  private static Ledger.Fate javaBatch(
      BrokerClient client, List<Load.Job> batch, Ledger ledger, Clock clock) {
    long from = clock.millis();
    Ledger.Fate fate;
    try {
      List<TaskSignature> signatures = batch.stream().map(Producers::signature).toList();
      if (signatures.size() == 1) {
        var unused = client.send(signatures.get(0));
      } else {
        var unused = client.sendAll(signatures);
      }
      fate = Ledger.Fate.SENT;
    } catch (BrokerException e) { // the producer knows no more than that
      fate = Ledger.Fate.UNKNOWN;
    }
    Span when = new Span(from, clock.millis());
    for (Load.Job job : batch) {
      ledger.enter(new Ledger.Entry(job, WorkerKind.JAVA, when, fate));
    }
    return fate;
  }

  /** How a job is sent from Java. */
  static TaskSignature signature(Load.Job job) {
    TaskSignature signature =
        TaskSignature.of(Load.TASK, job.millis())
            .on(job.queue())
            .withId(job.id())
            .withPriority(job.priority());
    return job.countdown().isZero() ? signature : signature.withCountdown(job.countdown());
  }

  private static Ledger.Fate pythonBatch(
      PythonSession python, List<Load.Job> batch, Ledger ledger) {
    List<Map<String, Object>> jobs =
        batch.stream()
            .map(
                job ->
                    Map.<String, Object>of(
                        "id", job.id(),
                        "queue", job.queue(),
                        "millis", job.millis(),
                        "countdown", job.countdown().toMillis() / 1000.0,
                        "priority", job.priority()))
            .toList();
    Ledger.Fate worst = Ledger.Fate.SENT;
    JsonNode told = python.eval("produce(jobs)", Map.of("jobs", jobs));
    for (int i = 0; i < batch.size(); i++) {
      JsonNode one = told.get(i);
      Span when = new Span(one.get("from").longValue(), one.get("to").longValue());
      Ledger.Fate fate = one.get("sent").booleanValue() ? Ledger.Fate.SENT : Ledger.Fate.UNKNOWN;
      ledger.enter(new Ledger.Entry(batch.get(i), WorkerKind.PYTHON, when, fate));
      worst = fate == Ledger.Fate.SENT ? worst : fate;
    }
    return worst;
  }

  /**
   * Stops sending and waits until everything sent is entered in the ledger.
   *
   * @throws IllegalStateException if a producer failed otherwise than for want of Redis
   */
  void stop() throws InterruptedException {
    ending = true;
    for (Thread thread : threads) {
      thread.join();
    }
    synchronized (failures) {
      if (!failures.isEmpty()) {
        throw new IllegalStateException("a producer failed", failures.get(0));
      }
    }
  }
}
