package dev.stalk.worker;

import dev.stalk.broker.QueueNotFoundException;
import dev.stalk.broker.TaskFailedException;
import dev.stalk.broker.codec.MessageCodec;
import dev.stalk.broker.message.RemoteException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.time.DateTimeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What Python sees of a Java exception (celery {@code backends/base.py:Backend.prepare_exception}).
 * A class of Java's own with a counterpart in Python becomes that, so that {@code except
 * ValueError:} works; every other keeps its name, its package as the module, and its message as the
 * only argument. Immutable.
 */
final class Exceptions {

  /** A Python exception class. */
  record PythonClass(String module, String name) {}

  /** Java's exceptions with a counterpart among Python's; a subclass counts as its nearest one. */
  private static final Map<Class<?>, String> BUILTINS =
      Map.ofEntries(
          Map.entry(IllegalArgumentException.class, "ValueError"),
          Map.entry(DateTimeException.class, "ValueError"),
          Map.entry(ClassCastException.class, "TypeError"),
          Map.entry(ArithmeticException.class, "ArithmeticError"),
          Map.entry(IndexOutOfBoundsException.class, "IndexError"),
          Map.entry(NoSuchElementException.class, "LookupError"),
          Map.entry(UnsupportedOperationException.class, "NotImplementedError"),
          Map.entry(AssertionError.class, "AssertionError"),
          Map.entry(OutOfMemoryError.class, "MemoryError"),
          Map.entry(StackOverflowError.class, "RecursionError"),
          Map.entry(TimeoutException.class, "TimeoutError"),
          Map.entry(SocketTimeoutException.class, "TimeoutError"),
          Map.entry(ConnectException.class, "ConnectionError"),
          Map.entry(FileNotFoundException.class, "FileNotFoundError"),
          Map.entry(NoSuchFileException.class, "FileNotFoundError"),
          Map.entry(FileAlreadyExistsException.class, "FileExistsError"),
          Map.entry(AccessDeniedException.class, "PermissionError"),
          Map.entry(SecurityException.class, "PermissionError"),
          Map.entry(EOFException.class, "EOFError"),
          Map.entry(CharacterCodingException.class, "UnicodeError"),
          Map.entry(IOException.class, "OSError"),
          Map.entry(UncheckedIOException.class, "OSError"));

  private final Map<Class<?>, PythonClass> chosen;

  Exceptions(Map<Class<?>, PythonClass> chosen) {
    this.chosen = Map.copyOf(new HashMap<>(chosen));
  }

  /** The exception as it is stored. */
  RemoteException remote(Throwable error) {
    if (error instanceof PythonError python) {
      return new RemoteException(python.type(), python.module(), python.arguments());
    }
    if (error instanceof TaskFailedException failed) {
      return new RemoteException(failed.type(), failed.module(), failed.arguments());
    }
    if (error instanceof TaskArgumentException) {
      return RemoteException.of("builtins", "TypeError", String.valueOf(error.getMessage()));
    }
    if (error instanceof SoftTimeLimitExceeded) {
      return RemoteException.of("billiard.exceptions", "SoftTimeLimitExceeded");
    }
    if (error instanceof QueueNotFoundException missing) { // celery app/routes.py:Router
      String queue = MessageCodec.repr(missing.queue());
      return RemoteException.of(
          "celery.exceptions", "QueueNotFound", "Queue " + queue + " missing from task_queues");
    }
    PythonClass python = python(error.getClass());
    String message = error.getMessage();
    return new RemoteException(
        python.name(), python.module(), message == null ? List.of() : List.of(message));
  }

  private PythonClass python(Class<?> type) {
    PythonClass choice = choice(type);
    if (choice != null) {
      return choice;
    }
    if (type.getName().startsWith("java.")) {
      for (Class<?> at = type; at != null; at = at.getSuperclass()) {
        String builtin = BUILTINS.get(at);
        if (builtin != null) {
          return new PythonClass("builtins", builtin);
        }
      }
    }
    String module = type.getPackageName();
    String name = module.isEmpty() ? type.getName() : type.getName().substring(module.length() + 1);
    return new PythonClass(module, name);
  }

  /** What the user said of this class, or of the nearest one above it. */
  private @Nullable PythonClass choice(Class<?> type) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      PythonClass choice = chosen.get(at);
      if (choice != null) {
        return choice;
      }
    }
    return null;
  }

  /** The stack trace with its causes, as Python shows one. */
  static String traceback(Throwable error) {
    return PythonTraceback.of(error);
  }
}
