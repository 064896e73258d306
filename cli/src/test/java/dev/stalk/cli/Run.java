package dev.stalk.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** What one run of the command, within this JVM, printed and ended with. */
record Run(int code, String out, String err) {

  static Run stalk(String... args) {
    return of(Stalk.commandLine(), args);
  }

  static Run of(CommandLine command, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int code = command.execute(args);
    command.getOut().flush();
    command.getErr().flush();
    return new Run(code, out.toString(), err.toString());
  }
}
