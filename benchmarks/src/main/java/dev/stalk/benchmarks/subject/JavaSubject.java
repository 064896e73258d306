package dev.stalk.benchmarks.subject;

import java.util.List;

/**
 * A program of this module in a virtual machine of its own.
 *
 * @param name how tables call it
 * @param main takes the address, the queues with commas between, threads, buffer and the {@link
 *     Work}
 */
record JavaSubject(String name, Class<?> main) implements Subject {
  @Override
  public Running start(Site site, Plan plan) {
    return JavaProcess.start(
        main,
        List.of(
            site.url(),
            String.join(",", plan.queues()),
            Integer.toString(plan.threads()),
            Integer.toString(plan.buffer()),
            plan.work().name()));
  }
}
