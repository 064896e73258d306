package dev.stalk.benchmarks.subject;

import dev.stalk.peers.PythonEnvironment;
import java.util.List;

/** Everything that is measured. */
public final class Subjects {
  /** Celery with a pool of processes, its default. */
  public static final Subject PREFORK = new CelerySubject("prefork");

  /** Celery with a pool of threads. */
  public static final Subject THREADS = new CelerySubject("threads");

  /** The Redis work of a drain, and nothing else. */
  public static final Subject BARE = new JavaSubject("bare loop", BareLoop.class);

  /** Our transport without a worker: what the script and the client cost. */
  public static final Subject TRANSPORT =
      new JavaSubject("our transport alone", TransportLoop.class);

  /** A Java worker. */
  public static final Subject STALK = new JavaSubject("Stalk", StalkWorker.class);

  private Subjects() {}

  /** Which Celery that is, for the report. */
  public static String celeryVersion() {
    return "Celery " + PythonEnvironment.celery().version();
  }

  /** Both pools of Celery. */
  public static List<Subject> celery() {
    return List.of(PREFORK, THREADS);
  }
}
