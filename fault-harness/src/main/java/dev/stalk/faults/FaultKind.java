package dev.stalk.faults;

/** What can be done to a fleet and its Redis; the weights say how often each is drawn. */
enum FaultKind {
  KILL_WORKER("`kill -9` of a worker", 26),
  STOP_WORKER("SIGTERM to a worker", 4),
  FREEZE_WORKER("worker frozen for 0.3 to 4.5 s", 12),
  CUT_CLIENT("one connection killed", 18),
  CUT_CLIENTS("all connections killed", 12),
  CUT_SUBSCRIBERS("all subscribed connections killed", 8),
  KILL_REDIS("`kill -9` of Redis, restart from its AOF", 7),
  FREEZE_REDIS("Redis frozen for 0.3 to 3 s", 3),
  FILL_REDIS("Redis out of memory for 0.3 to 2 s", 3),
  FLUSH_SCRIPTS("script cache flushed", 7);

  private final String description;
  private final int weight;

  FaultKind(String description, int weight) {
    this.description = description;
    this.weight = weight;
  }

  /** What a reader of the report is told. */
  String description() {
    return description;
  }

  /** How often it is drawn, relative to the others. */
  int weight() {
    return weight;
  }
}
