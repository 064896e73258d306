package dev.stalk.worker;

import java.lang.reflect.Method;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tasks a worker knows, by name. Filled before the worker starts, only read after. */
final class TaskRegistry {
  private final Map<String, RegisteredTask> tasks = new LinkedHashMap<>();

  /**
   * Adds every method of this object that is marked with {@link Task}.
   *
   * @throws IllegalArgumentException if there is none, or one cannot be called
   */
  void addAll(Object object) {
    boolean found = false;
    for (Method method : object.getClass().getMethods()) {
      Task task = method.getAnnotation(Task.class);
      if (task != null && !method.isBridge()) {
        TaskHandler handler = new AnnotatedTask(object, method);
        add(new RegisteredTask(task.value(), handler, task.ignoreResult()));
        found = true;
      }
    }
    if (!found) {
      throw new IllegalArgumentException(
          object.getClass().getName() + " has no public method marked with @Task");
    }
  }

  void add(RegisteredTask task) {
    if (task.name().isBlank()) {
      throw new IllegalArgumentException("a task needs a name");
    }
    if (tasks.putIfAbsent(task.name(), task) != null) {
      throw new IllegalArgumentException("two tasks are called " + task.name());
    }
  }

  @Nullable RegisteredTask find(String name) {
    return tasks.get(name);
  }

  Set<String> names() {
    return Collections.unmodifiableSet(tasks.keySet());
  }
}
