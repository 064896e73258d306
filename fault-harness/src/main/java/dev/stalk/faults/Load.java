package dev.stalk.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The tasks of a seed, one after the other: most short, some of half a second, one in a hundred
 * twice as long as a lease, some that wait for their time, some with a priority. For one thread.
 */
final class Load {
  /** The one task that there is, by this name in both languages. */
  static final String TASK = "faults.work";

  /** After this long without a sign of life a Java worker's messages go to others. */
  static final Duration LEASE = Duration.ofSeconds(2);

  /** The same for Python workers, and their sweeps'. */
  static final Duration VISIBILITY_TIMEOUT = Duration.ofSeconds(6);

  /** Shorter than the longest freeze of Redis, so that some freezes break connections. */
  static final Duration SOCKET_TIMEOUT = Duration.ofSeconds(1);

  private final SplittableRandom random;
  private final List<String> queues;
  private final String prefix;
  private int next;

  /**
   * @param prefix what the tasks' ids begin with
   * @param queues where they go, each its share
   */
  Load(long seed, String prefix, List<String> queues) {
    this.random = new SplittableRandom(seed);
    this.prefix = prefix;
    this.queues = List.copyOf(queues);
  }

  /**
   * A task to be sent.
   *
   * @param id its id, as in its message
   * @param millis how long it works
   * @param countdown how long it waits for its time; zero for most
   * @param priority 0 to 9; 0 is served first
   */
  record Job(String id, String queue, long millis, Duration countdown, int priority) {}

  /** Between one and five tasks, to be sent together. */
  List<Job> batch() {
    List<Job> batch = new ArrayList<>();
    for (int left = 1 + random.nextInt(5); left > 0; left--) {
      batch.add(job());
    }
    return batch;
  }

  private Job job() {
    String queue = queues.get(random.nextInt(queues.size()));
    int die = random.nextInt(100);
    long millis;
    if (die == 0) {
      millis = 2 * LEASE.toMillis() + random.nextLong(500);
    } else if (die < 60) {
      millis = random.nextLong(10);
    } else if (die < 90) {
      millis = 50 + random.nextLong(150);
    } else {
      millis = 200 + random.nextLong(300);
    }
    Duration countdown =
        random.nextInt(100) < 10 ? Duration.ofMillis(500 + random.nextLong(2000)) : Duration.ZERO;
    int priority = random.nextInt(100) < 30 ? random.nextInt(10) : 0;
    return new Job(prefix + next++, queue, millis, countdown, priority);
  }
}
