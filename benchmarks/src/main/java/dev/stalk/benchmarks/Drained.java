package dev.stalk.benchmarks;

/**
 * What one drain took.
 *
 * @param tasks how many there were
 * @param seconds from their appearance until the last was acknowledged
 * @param commands Redis commands of every kind, those within scripts included
 * @param scripts calls of scripts: for the Java subjects, the round trips
 * @param redisSeconds processor time of Redis
 * @param workerSeconds processor time of the worker and its children
 * @param allocated bytes the worker allocated; NaN where it does not say
 * @param bytesToRedis what Redis received
 * @param bytesFromRedis what it sent
 */
record Drained(
    int tasks,
    double seconds,
    double commands,
    double scripts,
    double redisSeconds,
    double workerSeconds,
    double allocated,
    double bytesToRedis,
    double bytesFromRedis) {

  double rate() {
    return tasks / seconds;
  }

  double commandsPerTask() {
    return commands / tasks;
  }

  /** NaN for what does its work without scripts, but for a few. */
  double tasksPerScript() {
    return allocated >= 0 ? tasks / scripts : Double.NaN;
  }

  double redisMicros() {
    return 1e6 * redisSeconds / tasks;
  }

  double workerMicros() {
    return 1e6 * workerSeconds / tasks;
  }

  double allocatedPerTask() {
    return allocated / tasks;
  }
}
