package dev.stalk.worker;

import dev.stalk.broker.message.RemoteException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;

/**
 * Java exceptions as Celery stores them: the class's name, its package as the module, the message
 * as the only argument (celery {@code backends/base.py:Backend.prepare_exception}).
 */
final class Exceptions {
  private static final int MAX_TRACEBACK = 64 * 1024;

  private Exceptions() {}

  static RemoteException remote(Throwable error) {
    if (error instanceof TaskArgumentException) {
      return RemoteException.of("builtins", "TypeError", String.valueOf(error.getMessage()));
    }
    String module = error.getClass().getPackageName();
    String binaryName = error.getClass().getName();
    String type = module.isEmpty() ? binaryName : binaryName.substring(module.length() + 1);
    String message = error.getMessage();
    return new RemoteException(type, module, message == null ? List.of() : List.of(message));
  }

  /** The stack trace with its causes, cut where it is longer than anybody reads. */
  static String traceback(Throwable error) {
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text, true));
    StringBuffer all = text.getBuffer();
    if (all.length() <= MAX_TRACEBACK) {
      return all.toString();
    }
    boolean pair = Character.isHighSurrogate(all.charAt(MAX_TRACEBACK - 1));
    return all.substring(0, pair ? MAX_TRACEBACK - 1 : MAX_TRACEBACK) + "\n... (cut)\n";
  }
}
