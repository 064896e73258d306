package dev.stalk.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one run is to be.
 *
 * @param name what it is called in the report
 * @param java how many Java workers there are
 * @param python how many Celery workers there are
 * @param acksLate whether Celery acknowledges after a task, not before
 * @param seed of faults and tasks
 * @param faults how many there are in all
 * @param perRound after how many the books are checked
 * @param meanPause between two faults
 * @param keepGoing whether a broken promise does not end the run
 * @param redis the program of the Redis server; null for the embedded one
 * @param directory where Redis keeps its files; null for a temporary one
 */
record Scenario(
    String name,
    int java,
    int python,
    boolean acksLate,
    long seed,
    int faults,
    int perRound,
    Duration meanPause,
    boolean keepGoing,
    @Nullable Path redis,
    @Nullable Path directory) {
  private static final String SHARED = "shared";

  Scenario {
    if (java < 0 || python < 0 || java + python == 0) {
      throw new IllegalArgumentException("a fleet needs at least one worker");
    }
    if (faults < 1 || perRound < 1) {
      throw new IllegalArgumentException("faults and faults per round must be at least 1");
    }
    if (meanPause.isNegative() || meanPause.compareTo(Duration.ofMinutes(1)) > 0) {
      throw new IllegalArgumentException("the pause must be between 0 and 1 minute");
    }
  }

  /** Every queue there is. */
  List<String> queues() {
    List<String> queues = new ArrayList<>();
    if (java > 0) {
      queues.add(WorkerKind.JAVA);
    }
    if (python > 0) {
      queues.add(WorkerKind.PYTHON);
    }
    if (java > 0 && python > 0) {
      queues.add(SHARED);
    }
    return queues;
  }

  /** The queues that workers of this language consume. */
  List<String> queuesOf(String language) {
    return queues().stream().filter(q -> q.equals(language) || q.equals(SHARED)).toList();
  }

  /** Whether it is Celery alone: then there is nothing to fail, only to count. */
  boolean isCeleryAlone() {
    return java == 0;
  }

  int rounds() {
    return (faults + perRound - 1) / perRound;
  }
}
