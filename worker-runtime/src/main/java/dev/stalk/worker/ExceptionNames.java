package dev.stalk.worker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Exceptions as a configuration names them: by the full names of their classes, subclasses
 * included. Compared as texts, since a class may belong to a loader that knows the tasks and not
 * the worker. Immutable.
 */
record ExceptionNames(List<String> names) {
  ExceptionNames {
    names = List.copyOf(names);
  }

  /** Whether this is one of them. */
  boolean include(Throwable error) {
    for (@Nullable Class<?> type = error.getClass(); type != null; type = type.getSuperclass()) {
      if (names.contains(type.getName())) {
        return true;
      }
    }
    return false;
  }
}
