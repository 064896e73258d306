package dev.stalk.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel is doing with a process, where it tells: on Linux, in {@code /proc}. */
enum ProcessState {
  /** It runs, sleeps, or is anything else that is not told apart here. */
  ACTIVE,
  /** SIGSTOP holds it. */
  STOPPED,
  /** It ended; at most its parent has not looked yet. */
  DEAD,
  /** The system does not tell, or there is no such process. */
  UNKNOWN;

  static ProcessState of(long pid) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
      // "PID (NAME) STATE ...", where the name may hold anything, also parentheses
      return of(stat.charAt(stat.lastIndexOf(')') + 2));
    } catch (IOException e) {
      return UNKNOWN;
    }
  }

  private static ProcessState of(char letter) {
    return switch (letter) {
      case 'T', 't' -> STOPPED;
      case 'Z', 'X', 'x' -> DEAD;
      default -> ACTIVE;
    };
  }
}
