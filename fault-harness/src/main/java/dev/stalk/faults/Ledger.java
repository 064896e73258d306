package dev.stalk.faults;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Every task of a round that a producer tried to send. Thread-safe. */
final class Ledger {

  /** What the producer knows about it. */
  enum Fate {
    /** The broker confirmed it: from now on it must not be lost. */
    SENT,
    /** The producer got an error: it may be there or not. */
    UNKNOWN
  }

  /**
   * One entry.
   *
   * @param producer who sent it
   * @param when from the call to its return; a broken connection within may have doubled it
   */
  record Entry(Load.Job job, String producer, Span when, Fate fate) {}

  private final Map<String, Entry> entries = new ConcurrentHashMap<>();

  void enter(Entry entry) {
    entries.put(entry.job().id(), entry);
  }

  /** All entries by the tasks' ids; a view. */
  Map<String, Entry> entries() {
    return entries;
  }

  /** How many have this fate. */
  long count(Fate fate) {
    return entries.values().stream().filter(entry -> entry.fate() == fate).count();
  }
}
