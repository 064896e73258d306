package dev.stalk.samples;

import dev.stalk.worker.Task;
import dev.stalk.worker.TaskContext;
import java.util.Optional;

/** How do I write tasks? */
public class MathTasks {
  @Task("tasks.add")
  public int add(int x, int y) {
    return x + y;
  }

  @Task("tasks.greet")
  public String greet(TaskContext context, String name, Optional<String> greeting) {
    return greeting.orElse("Hello") + " " + name + ", says task " + context.id();
  }
}
