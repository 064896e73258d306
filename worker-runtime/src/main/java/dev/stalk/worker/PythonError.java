package dev.stalk.worker;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A failure that a Python caller is to catch as a class of its own: {@code throw new
 * PythonError("myapp.errors", "OutOfStock", "sku-1", 3)} is raised there as {@code
 * myapp.errors.OutOfStock('sku-1', 3)}, if the caller has imported that module, and else as an
 * exception of that name (celery {@code backends/base.py:Backend.exception_to_python}).
 */
public final class PythonError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String module;
  private final String type;
  private final transient List<@Nullable Object> arguments;

  /**
   * @param module the Python module, for example {@code builtins}
   * @param type the class's name within it, which must be an exception
   * @param arguments what its constructor takes; values without a form in JSON become their text
   */
  public PythonError(String module, String type, @Nullable Object... arguments) {
    super(module + "." + type + Arrays.toString(arguments));
    if (module.isBlank() || type.isBlank()) {
      throw new IllegalArgumentException("a Python error needs a module and a class");
    }
    this.module = module;
    this.type = type;
    this.arguments = Collections.unmodifiableList(Arrays.asList(arguments.clone()));
  }

  /** With what led to it; shown in the traceback. */
  public PythonError because(Throwable cause) {
    initCause(cause);
    return this;
  }

  String module() {
    return module;
  }

  String type() {
    return type;
  }

  List<@Nullable Object> arguments() {
    return arguments;
  }
}
