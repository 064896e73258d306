package dev.stalk.broker.message;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An exception as it crosses languages: Celery stores a class name, a module and the constructor's
 * arguments (celery {@code backends/base.py:Backend.prepare_exception}).
 *
 * @param type the class's name within its module, for example {@code ValueError}; {@code ""} if the
 *     stored value names none
 * @param module the module or package, for example {@code builtins} or {@code java.lang}; null if
 *     not stored
 * @param arguments the constructor's arguments; of a Java exception its message, or nothing
 */
public record RemoteException(
    String type, @Nullable String module, List<@Nullable Object> arguments) {

  public RemoteException {
    Objects.requireNonNull(type, "type");
    arguments = Collections.unmodifiableList(new ArrayList<>(arguments));
  }

  /** An exception with text arguments. */
  public static RemoteException of(String module, String type, Object... arguments) {
    return new RemoteException(type, module, List.of(arguments));
  }

  /** {@code module.type}, or the type alone where no module is known. */
  public String qualifiedName() {
    return module == null || module.isEmpty() ? type : module + "." + type;
  }

  /** The arguments in one line: a single one as its text, several as a list. */
  public String message() {
    if (arguments.isEmpty()) {
      return "";
    }
    if (arguments.size() == 1) {
      return String.valueOf(arguments.get(0));
    }
    return arguments.toString();
  }
}
