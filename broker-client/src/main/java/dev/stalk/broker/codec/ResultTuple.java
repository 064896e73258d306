package dev.stalk.broker.codec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a result names others that belong to it: a task is {@code [[id, parent], null]}, a group
 * {@code [[id, parent], [member, ...]]} (celery {@code result.py:AsyncResult.as_tuple}, {@code
 * GroupResult.as_tuple} and {@code result_from_tuple}). Stateless.
 */
public final class ResultTuple {
  private ResultTuple() {}

  /** A task; its parent is the one that lists it, and is not repeated. */
  public static List<@Nullable Object> ofTask(String taskId) {
    return Arrays.asList(Arrays.asList(taskId, null), null);
  }

  /**
   * A group.
   *
   * @param members the tuples of what is in it
   */
  public static List<@Nullable Object> ofGroup(String groupId, List<@Nullable Object> members) {
    return Arrays.asList(Arrays.asList(groupId, null), List.copyOf(members));
  }

  /**
   * The ids of the tasks that these tuples name, in their order, a group's members in its place.
   * What is no tuple is left out; an id in place of {@code [id, parent]} is read, as Celery reads
   * it.
   *
   * @param tuples as they were stored; null for none
   */
  public static List<String> taskIds(@Nullable List<@Nullable Object> tuples) {
    List<String> ids = new ArrayList<>();
    if (tuples != null) {
      tuples.forEach(tuple -> collect(tuple, ids));
    }
    return ids;
  }

  private static void collect(@Nullable Object tuple, List<String> ids) {
    if (!(tuple instanceof List<?> parts) || parts.isEmpty()) {
      return;
    }
    if (parts.size() > 1 && parts.get(1) instanceof List<?> members) {
      members.forEach(member -> collect(member, ids));
      return;
    }
    Object id =
        parts.get(0) instanceof List<?> pair && !pair.isEmpty() ? pair.get(0) : parts.get(0);
    if (id instanceof String text) {
      ids.add(text);
    }
  }
}
