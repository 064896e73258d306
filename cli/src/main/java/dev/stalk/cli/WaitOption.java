package dev.stalk.cli;

import java.time.Duration;
import java.util.Map;
import java.util.Stack;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code --wait} and {@code --wait=SECONDS}. */
final class WaitOption {
  private static final String DEFAULT = "10";

  @Option(
      names = "--wait",
      arity = "0..1",
      fallbackValue = DEFAULT,
      paramLabel = "SECONDS",
      preprocessor = Attached.class,
      converter = TimeConverter.class,
      description =
          "Wait for the result, 10 seconds if not said otherwise: --wait, --wait=60, --wait=5m.")
  private @Nullable Duration wait;

  /** How long to wait; null if not at all. */
  @Nullable Duration time() {
    return wait;
  }

  /** Only what is attached by = is the option's; a word after a blank is an argument of its own. */
  static final class Attached implements IParameterPreprocessor {
    @Override
    public boolean preprocess(
        Stack<String> args, CommandSpec command, ArgSpec option, Map<String, Object> info) {
      if (!"=".equals(info.get("separator"))) {
        args.push(DEFAULT);
      }
      return false;
    }
  }
}
