package dev.stalk.benchmarks.subject;

import java.util.ArrayList;
import java.util.List;

/**
 * A program of this module in a virtual machine of its own.
 *
 * @param name how tables call it
 * @param main its arguments are Redis' address and the {@link Plan}, in {@linkplain Plan#words()
 *     words}
 */
record JavaSubject(String name, Class<?> main) implements Subject {
  @Override
  public Running start(Site site, Plan plan) {
    List<String> arguments = new ArrayList<>(List.of(site.url()));
    arguments.addAll(plan.words());
    return JavaProgram.start(main, arguments);
  }
}
