package dev.stalk.benchmarks.subject;

import dev.stalk.peers.PythonEnvironment;
import java.util.List;

/** Something that works on queues. */
public interface Subject {
  /** Celery with a pool of processes, its default. */
  Subject PREFORK = new CelerySubject("prefork");

  /** Celery with a pool of threads. */
  Subject THREADS = new CelerySubject("threads");

  /** The Redis work of a drain, and nothing else. */
  Subject BARE = new JavaSubject("bare loop", BareLoop.class);

  /** Our transport without a worker: what the script and the client cost. */
  Subject TRANSPORT = new JavaSubject("our transport alone", TransportLoop.class);

  /** A Java worker. */
  Subject STALK = new JavaSubject("Stalk", StalkWorker.class);

  /** How tables call it. */
  String name();

  /** The part of a queue's name that tells its subject. */
  default String slug() {
    return name().replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(java.util.Locale.ROOT);
  }

  /** Starts it and returns when it works on its queues. */
  Running start(Site site, Plan plan);

  /** Which Celery that is, for the report. */
  static String celeryVersion() {
    return "Celery " + PythonEnvironment.celery().version();
  }

  /** Both pools of Celery. */
  static List<Subject> celery() {
    return List.of(PREFORK, THREADS);
  }
}
