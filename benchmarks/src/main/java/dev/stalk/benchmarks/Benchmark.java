package dev.stalk.benchmarks;

import dev.stalk.benchmarks.report.Report;

/** One question, answered by measuring. */
interface Benchmark {
  /** What it is called on the command line. */
  String name();

  /** The question, in one line. */
  String question();

  /**
   * Measures.
   *
   * @param runner where to start what is measured, and how much of it
   * @param report takes what was found
   */
  void run(Runner runner, Report report) throws Exception;
}
