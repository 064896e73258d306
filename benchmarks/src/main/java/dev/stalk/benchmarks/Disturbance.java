package dev.stalk.benchmarks;

import dev.stalk.broker.message.TaskSignature;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * What neighbouring queues are made to do.
 *
 * @param name how tables call it
 * @param queues how many neighbours there are
 * @param waiting how many messages are kept waiting in each
 * @param task the n-th task that is sent to a neighbour
 * @param settings what Stalk's configuration says of the neighbours besides, as YAML
 */
record Disturbance(
    String name, int queues, int waiting, IntFunction<TaskSignature> task, String settings) {
  private static final int MEBIBYTE = 1 << 20;

  /** Tasks of one kind in a row: enough to open the breaker, and for trials until it closes. */
  private static final int PHASE = 60;

  /** Opens after a score of failures, and closes within a second of the next good phase. */
  private static final String BREAKER =
      "circuit-breaker: { sliding-window-size: 20, minimum-number-of-calls: 20,"
          + " wait-duration-in-open-state: 100ms, permitted-number-of-calls-in-half-open-state: 5 }";

  /** Each of them alone on the one neighbour, and at last fifty of different kinds at once. */
  static List<Disturbance> all() {
    List<Disturbance> all = new ArrayList<>();
    all.add(one("sleeps 1 s", 40, number -> TaskSignature.of("bench.sleep", 1)));
    all.add(one("hangs for ever", 40, number -> TaskSignature.of("bench.hang")));
    all.add(one("burns all its threads", 40, number -> TaskSignature.of("bench.burn", 0.5)));
    all.add(one("throws", 500, number -> TaskSignature.of("bench.fail")));
    all.add(one("allocates 200 MiB a task", 40, number -> TaskSignature.of("bench.allocate", 200)));
    all.add(one("messages of 1 MiB", 20, huge()));
    all.add(
        new Disturbance(
            "fails in phases; its breaker opens and closes",
            1,
            500,
            Disturbance::inPhases,
            BREAKER));
    all.add(new Disturbance("50 neighbours at once", 50, 20, Disturbance::mixed, ""));
    return all;
  }

  private static Disturbance one(String name, int waiting, IntFunction<TaskSignature> task) {
    return new Disturbance(name, 1, waiting, task, "");
  }

  private static IntFunction<TaskSignature> huge() {
    TaskSignature task = TaskSignature.of("bench.nothing", "x".repeat(MEBIBYTE));
    return number -> task;
  }

  private static TaskSignature inPhases(int number) {
    return number / PHASE % 2 == 0
        ? TaskSignature.of("bench.fail")
        : TaskSignature.of("bench.sleep", 0.001);
  }

  private static TaskSignature mixed(int number) {
    return switch (number % 4) {
      case 0 -> TaskSignature.of("bench.sleep", 0.2);
      case 1 -> TaskSignature.of("bench.burn", 0.01);
      case 2 -> TaskSignature.of("bench.fail");
      default -> TaskSignature.of("bench.allocate", 5);
    };
  }
}
