package dev.stalk.benchmarks.subject;

/** What the messages of a run ask for; bare loops cannot read it in them. */
public enum Work {
  /** Nothing is done, and no result is stored. */
  NOTHING,
  /** Nothing is done, and that is stored and published as the result. */
  RESULT,
  /** The result is the time at which the task began. */
  CLOCK,
  /** The result is who ran it, and the time at which it began. */
  WHO
}
