package dev.stalk.worker;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * A Java stack trace in the form that Python's {@code traceback} module gives its own: causes
 * first, the most recent call last, and the exception at the end. Suppressed exceptions are told as
 * notes. What is longer than anybody reads is left out of the middle, and it says so.
 */
final class PythonTraceback {
  private static final int MOST_FRAMES = 100;
  private static final int MOST_CAUSES = 20;
  private static final int MOST_TEXT = 16 * 1024;

  private static final String CAUSED =
      "\nThe above exception was the direct cause of the following exception:\n\n";

  private final StringBuilder text = new StringBuilder(1024);
  private final Set<Throwable> told = Collections.newSetFromMap(new IdentityHashMap<>());

  private PythonTraceback() {}

  static String of(Throwable error) {
    PythonTraceback traceback = new PythonTraceback();
    traceback.tell(error);
    return traceback.text.toString();
  }

  private void tell(Throwable error) {
    told.add(error);
    Throwable cause = error.getCause();
    if (cause != null && told.contains(cause)) {
      text.append("[the cause is shown already: ").append(cause.getClass().getName()).append("]\n");
    } else if (cause != null && told.size() > MOST_CAUSES) {
      text.append("[further causes are left out]\n").append(CAUSED);
    } else if (cause != null) {
      tell(cause);
      text.append(CAUSED);
    }
    StackTraceElement[] frames = error.getStackTrace();
    if (frames.length > 0) {
      text.append("Traceback (most recent call last):\n");
      tell(frames);
    }
    text.append(cut(headline(error))).append('\n');
    for (Throwable suppressed : error.getSuppressed()) {
      text.append("Suppressed: ").append(cut(headline(suppressed))).append('\n');
    }
  }

  private void tell(StackTraceElement[] frames) {
    for (int i = frames.length - 1; i >= 0; i--) {
      if (frames.length > MOST_FRAMES && i == frames.length - 1 - MOST_FRAMES / 2) {
        int left = frames.length - MOST_FRAMES;
        text.append("  [").append(left).append(" frames are left out]\n");
        i -= left;
      }
      tell(frames[i]);
    }
  }

  private void tell(StackTraceElement frame) {
    String file = frame.getFileName() == null ? "<unknown>" : frame.getFileName();
    text.append("  File \"").append(file).append('"');
    if (frame.getLineNumber() > 0) {
      text.append(", line ").append(frame.getLineNumber());
    }
    text.append(", in ")
        .append(frame.getClassName())
        .append('.')
        .append(frame.getMethodName())
        .append('\n');
  }

  private static String headline(Throwable error) {
    try {
      return String.valueOf(error);
    } catch (RuntimeException | StackOverflowError e) { // its own message may be what is broken
      return error.getClass().getName() + ": <its message cannot be made: " + e.getClass() + ">";
    }
  }

  private static String cut(String line) {
    if (line.length() <= MOST_TEXT) {
      return line;
    }
    boolean pair = Character.isHighSurrogate(line.charAt(MOST_TEXT - 1));
    return line.substring(0, pair ? MOST_TEXT - 1 : MOST_TEXT) + "... (cut)";
  }
}
