package dev.stalk.worker;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tasks a worker knows, by name. Filled before the worker starts, only read after. */
final class TaskRegistry {
  private final Map<String, RegisteredTask> tasks = new LinkedHashMap<>();

  /**
   * Adds every method of this object that is marked with {@link Task}.
   *
   * @throws IllegalArgumentException if there is none, one cannot be called, or an option is wrong
   */
  void addAll(Object object) {
    Set<String> found = new HashSet<>();
    List<Method> bridges = new ArrayList<>();
    for (Method method : object.getClass().getMethods()) {
      Task task = method.getAnnotation(Task.class);
      if (task != null && method.isBridge()) {
        bridges.add(method);
      } else if (task != null) {
        add(object, method, task);
        found.add(task.value());
      }
    }
    for (Method bridge : bridges) {
      Task task = Objects.requireNonNull(bridge.getAnnotation(Task.class));
      if (found.add(task.value())) {
        add(object, bridged(bridge), task);
      }
    }
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          object.getClass().getName() + " has no public method marked with @Task");
    }
  }

  private void add(Object object, Method method, Task task) {
    add(
        new RegisteredTask(
            task.value(), new AnnotatedTask(object, method), AnnotatedOptions.of(method, task)));
  }

  /**
   * A public method inherited from a class that is not public shows itself only as a bridge, which
   * has lost its generic types. This is the method behind it.
   */
  private static Method bridged(Method bridge) {
    Class<?> type = bridge.getDeclaringClass().getSuperclass();
    for (; type != null; type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (!method.isBridge()
            && method.getName().equals(bridge.getName())
            && Arrays.equals(method.getParameterTypes(), bridge.getParameterTypes())) {
          return method;
        }
      }
    }
    return bridge;
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
