package dev.stalk.worker;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a public method a task. Arguments are bound as Python binds them, by position and by name;
 * names need the class to be compiled with {@code -parameters}. A parameter of type {@link
 * TaskContext} is filled in by the worker, one of type {@link java.util.Optional} may be left out.
 * The method may throw anything and must be thread-safe, as several calls run at once.
 *
 * <pre>{@code
 * @Task("tasks.add")
 * public int add(int x, int y) {
 *   return x + y;
 * }
 * }</pre>
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Task {
  /** The name under which callers of any language send it. */
  String value();

  /**
   * Whether results are stored only for callers who ask for them (celery's {@code ignore_result}).
   */
  boolean ignoreResult() default false;
}
