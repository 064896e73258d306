package dev.stalk.benchmarks.subject;

import java.util.ArrayList;
import java.util.List;

/**
 * A program of this module in a virtual machine of its own.
 *
 * @param name how tables call it
 * @param main takes the address, the queues with commas between, threads, buffer, the {@link Work},
 *     and then queues and their further settings in turn
 */
record JavaSubject(String name, Class<?> main) implements Subject {
  @Override
  public Running start(Site site, Plan plan) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                site.url(),
                String.join(",", plan.queues()),
                Integer.toString(plan.threads()),
                Integer.toString(plan.buffer()),
                plan.work().name()));
    plan.settings().forEach((queue, yaml) -> arguments.addAll(List.of(queue, yaml)));
    return JavaProcess.start(main, arguments);
  }
}
