package dev.stalk.benchmarks;

import dev.stalk.benchmarks.subject.Plan;
import dev.stalk.benchmarks.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is entered for a contest: a subject, set up in one way.
 *
 * @param name how tables call it, no two in a contest the same
 * @param subject what it is
 * @param plan how it is set up
 */
record Entry(String name, Subject subject, Plan plan) {
  /** A subject under its own name. */
  static Entry of(Subject subject, Plan plan) {
    return new Entry(subject.name(), subject, plan);
  }

  /** Subjects under their own names, all set up alike. */
  static List<Entry> all(List<Subject> subjects, Plan plan) {
    return new ArrayList<>(subjects.stream().map(subject -> of(subject, plan)).toList());
  }

  /** The part of its queues' names that tells it from others. */
  String slug() {
    return name.replaceAll("[^A-Za-z0-9]+", "-").toLowerCase(Locale.ROOT);
  }
}
