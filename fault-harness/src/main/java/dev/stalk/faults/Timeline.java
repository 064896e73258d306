package dev.stalk.faults;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was done to whom, and when: the evidence by which a task that ran twice is explained. Times
 * are milliseconds since 1970, of the one machine everything runs on. Thread-safe.
 */
final class Timeline {
  private final Map<String, Long> killed = new HashMap<>();
  private final Map<String, Long> stopping = new HashMap<>();
  private final Map<String, List<Span>> frozen = new HashMap<>();
  private final List<Span> redisAway = new ArrayList<>();
  private final List<Long> cuts = new ArrayList<>();

  /** A worker died at this time, by our hand or by itself. */
  synchronized void died(String worker, long at) {
    killed.putIfAbsent(worker, at);
  }

  /** A worker was asked to stop. */
  synchronized void stopping(String worker, long at) {
    stopping.putIfAbsent(worker, at);
  }

  /** A worker did not run for this long: it was frozen, or the machine gave it no time. */
  synchronized void stood(String worker, Span span) {
    frozen.computeIfAbsent(worker, name -> new ArrayList<>()).add(span);
  }

  /** Redis was dead, frozen, full or silent. */
  synchronized void redisAway(Span span) {
    redisAway.add(span);
  }

  /** Connections were killed. */
  synchronized void cut(long at) {
    cuts.add(at);
  }

  /** When the worker died without warning; null if it did not. */
  synchronized @Nullable Long deathOf(String worker) {
    return killed.get(worker);
  }

  /** When the worker was asked to stop; null if it was not. */
  synchronized @Nullable Long stopOf(String worker) {
    return stopping.get(worker);
  }

  /** When Redis was no help to anybody. */
  synchronized List<Span> redisAway() {
    return List.copyOf(redisAway);
  }

  /** When this worker could not have renewed a lease: it stood, or Redis was away. */
  synchronized List<Span> helpless(String worker) {
    List<Span> spans = new ArrayList<>(redisAway);
    spans.addAll(frozen.getOrDefault(worker, List.of()));
    return spans;
  }

  /** Whether a connection was killed in this span. */
  synchronized boolean wasCut(Span span) {
    return cuts.stream().anyMatch(at -> span.meets(new Span(at, at)));
  }

  /** Everything known about a worker, for whoever has to find out what went wrong. */
  synchronized String story(String worker) {
    return "killed "
        + killed.get(worker)
        + ", asked to stop "
        + stopping.get(worker)
        + ", stood "
        + frozen.getOrDefault(worker, List.of());
  }

  /** Forgets everything, between two rounds. */
  synchronized void clear() {
    killed.clear();
    stopping.clear();
    frozen.clear();
    redisAway.clear();
    cuts.clear();
  }
}
