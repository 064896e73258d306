package dev.stalk.broker.message;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that has happened, for monitors to know (celery {@code events/event.py:Event}).
 * Immutable.
 *
 * @param type what kind of thing, a group and a word, for example {@code task-started}
 * @param fields what is to be said of it, in this order; strings, numbers, booleans, nulls and
 *     lists of these
 */
public record Event(String type, Map<String, @Nullable Object> fields) {
  /** The group of events about tasks. */
  public static final String TASK = "task";

  /** A client has sent a task. */
  public static final String TASK_SENT = "task-sent";

  /** The key under which events about tasks are published together. */
  public static final String SEVERAL_OF_TASKS = "task.multi";

  /**
   * Checks the type.
   *
   * @throws IllegalArgumentException if it is not a group and a word with a dash between
   */
  public Event {
    if (type.indexOf('-') < 1) {
      throw new IllegalArgumentException(
          "an event's type must look like task-started, not " + type);
    }
    Objects.requireNonNull(fields, "fields");
    fields = ValueMap.copyOf(fields);
  }

  /** What stands before the first dash (celery {@code events/event.py:group_from}). */
  public String group() {
    return type.substring(0, type.indexOf('-'));
  }

  /** The key it is published by on its own. */
  public String routingKey() {
    return type.replace('-', '.');
  }
}
