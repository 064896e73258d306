package dev.stalk.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Asks before something is done that cannot be undone. */
final class Confirmation {
  private static final Set<String> YES = Set.of("y", "yes");

  @Option(
      names = {"-y", "--yes"},
      description = "Do not ask.")
  private boolean yes;

  private final Terminal terminal;

  Confirmation(Terminal terminal) {
    this.terminal = terminal;
  }

  /**
   * Makes sure that somebody can be asked, before the broker is.
   *
   * @throws ParameterException if nobody can be asked and {@code --yes} was not said
   */
  void requireSomebody(CommandSpec spec, String deed) {
    if (!yes && !terminal.isThere()) {
      throw new ParameterException(
          spec.commandLine(), "there is no terminal to ask at: say --yes to " + deed);
    }
  }

  /** Whether it need not be asked. */
  boolean isGiven() {
    return yes;
  }

  /** Asks, and says so if the answer is not yes. */
  boolean ask(CommandSpec spec, String question, String nothingDone) {
    PrintWriter err = spec.commandLine().getErr();
    err.print(question + " [y/N] ");
    err.flush();
    String answer = terminal.readLine();
    if (answer != null && YES.contains(answer.strip().toLowerCase(Locale.ROOT))) {
      return true;
    }
    err.println(nothingDone);
    return false;
  }
}
