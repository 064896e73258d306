package dev.stalk.cli;

import java.io.Console;
import org.jspecify.annotations.Nullable;

/** The person at the keyboard, if there is one. */
interface Terminal {

  /** Whether a person can be asked. */
  boolean isThere();

  /** Reads a line; null at the end of the input. */
  @Nullable String readLine();

  /** The terminal this process was started from. */
  @SuppressWarnings("SystemConsoleNull") // it is null up to Java 21, and asked about after that
  static Terminal system() {
    return new Terminal() {
      private final @Nullable Console console = System.console();

      @Override
      public boolean isThere() {
        return console != null && isTerminal(console);
      }

      @Override
      public @Nullable String readLine() {
        return console == null ? null : console.readLine();
      }
    };
  }

  /** Since Java 22 there is a console even where there is no terminal; it can tell. */
  private static boolean isTerminal(Console console) {
    try {
      return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException before22) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
