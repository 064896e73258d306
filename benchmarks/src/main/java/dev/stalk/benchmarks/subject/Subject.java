package dev.stalk.benchmarks.subject;

import java.util.Locale;

/** Something that works on queues. */
public interface Subject {
  /** How tables call it. */
  String name();

  /** The part of a queue's name that tells its subject. */
  default String slug() {
    return name().replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(Locale.ROOT);
  }

  /** Starts it and returns when it works on its queues. */
  Running start(Site site, Plan plan);
}
